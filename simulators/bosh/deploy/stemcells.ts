import { compareVersions } from "../artifacts/versions.ts";
import type { Stemcell } from "../state/artifacts.ts";
import type { DirectorState } from "../state/index.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Manifest } from "./manifest.ts";

type StemcellSpec = Manifest["stemcells"][number];

/** The stemcell that a manifest means: by name or operating system, of a version, of `latest`, or of the latest of a line (`621.latest`). @throws DirectorError 50003 */
export function resolveStemcell({ stemcells }: Pick<DirectorState, "stemcells">, spec: StemcellSpec): Stemcell {
  const named = stemcells.filter(({ name, operatingSystem }) =>
    spec.name === undefined ? operatingSystem === spec.os : name === spec.name,
  );
  const found = /^(.*\.)?latest$/.test(spec.version)
    ? newestOf(named, spec.version.slice(0, -"latest".length))
    : named.find(({ version }) => version === spec.version);
  if (found === undefined) throw new DirectorError(50003, `${describeStemcell(spec)} doesn't exist`);
  return found;
}

const newestOf = (stemcells: readonly Stemcell[], prefix: string): Stemcell | undefined =>
  stemcells
    .filter(({ version }) => version.startsWith(prefix))
    .sort((a, b) => compareVersions(b.version, a.version))[0];

const describeStemcell = ({ os, name, version }: StemcellSpec): string =>
  os === undefined ? `Stemcell '${name}/${version}'` : `Stemcell version '${version}' for OS '${os}'`;
