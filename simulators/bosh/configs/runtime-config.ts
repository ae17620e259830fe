import type { Manifest } from "../deploy/manifest.ts";
import { readAddons } from "../deploy/read-manifest.ts";
import type { Director } from "../state/director.ts";
import { readYaml } from "../templates/yaml.ts";
import type { Fields } from "./fields.ts";
import { configsById } from "./latest.ts";

/** Runtime configs add releases, addons, tags and variables to every manifest. */
export function withRuntime(director: Director, manifest: Manifest, ids: readonly number[]): Manifest {
  const runtimes = configsById(director, ids).map(({ content }) => (readYaml(content) ?? {}) as Fields);
  const addons = runtimes.flatMap(readAddons);
  const releases = runtimes
    .flatMap((each) => (each.releases ?? []) as readonly { readonly name: string; readonly version: unknown }[])
    .filter(({ name }) => !manifest.releases.some((each) => each.name === name))
    .map(({ name, version }) => ({ name, version: String(version) }));
  const tags = Object.assign(
    {},
    ...runtimes.map((each) => (each.tags ?? {}) as object),
    manifest.tags,
  ) as Manifest["tags"];
  return { ...manifest, addons: [...manifest.addons, ...addons], releases: [...manifest.releases, ...releases], tags };
}
