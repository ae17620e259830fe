import type { Manifest } from "../deploy/manifest.ts";
import { readAddons, readTags } from "../deploy/read-manifest.ts";
import type { Director } from "../state/director.ts";
import { readYaml } from "../templates/yaml.ts";
import { asFields, readHashes } from "./fields.ts";
import { configsById } from "./latest.ts";

/** Runtime configs add releases, addons, tags and variables to every manifest. */
export function withRuntime(director: Director, manifest: Manifest, ids: readonly number[]): Manifest {
  const runtimes = configsById(director, ids).map(({ content }) => asFields(readYaml(content)));
  const addons = runtimes.flatMap(readAddons);
  const releases = runtimes
    .flatMap((each) => readHashes(each.releases))
    .map(({ name, version }) => ({ name: String(name), version: String(version) }))
    .filter(({ name }) => !manifest.releases.some((each) => each.name === name));
  const tags = runtimes.reduce<Manifest["tags"]>((sum, each) => ({ ...sum, ...readTags(each.tags) }), {});
  return {
    ...manifest,
    addons: [...manifest.addons, ...addons],
    releases: [...manifest.releases, ...releases],
    tags: { ...tags, ...manifest.tags },
  };
}
