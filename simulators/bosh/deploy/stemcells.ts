import { continuesPrefix, latestPrefix } from "../artifacts/find-release.ts";
import { compareVersions } from "../artifacts/versions.ts";
import type { Stemcell } from "../state/artifacts.ts";
import type { DirectorState } from "../state/index.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import type { Manifest } from "./manifest.ts";

/*
 * Stemcells by name or operating system, and version (api/stemcell_manager.rb in bosh-director).
 */
type Stemcells = Pick<DirectorState, "stemcells">;

type StemcellSpec = Manifest["stemcells"][number];

/** The stemcell that a manifest means. @throws DirectorError 50003 */
export function resolveStemcell({ stemcells }: Stemcells, spec: StemcellSpec): Stemcell {
  const named = stemcells.filter(({ name, operatingSystem }) =>
    spec.name === undefined ? operatingSystem === spec.os : name === spec.name,
  );
  const found = named.find(({ version }) => version === spec.version);
  if (found === undefined) throw new DirectorError(50003, `${describeStemcell(spec)} doesn't exist`);
  return found;
}

const describeStemcell = ({ os, name, version }: StemcellSpec): string =>
  name === undefined ? `Stemcell version '${version}' for OS '${os ?? ""}'` : `Stemcell '${name}/${version}'`;

/** A stemcell in a manifest, not checked yet. */
interface StemcellWish {
  readonly name: string | undefined;
  readonly os: string | undefined;
  readonly version: string;
}

/** The version that a manifest means by `latest` or `621.latest`. @throws DirectorError 50003, or 100 if it names no stemcell */
export function resolveStemcellVersion({ stemcells }: Stemcells, { name, os, version }: StemcellWish): string {
  const prefix = latestPrefix(version);
  if (prefix === undefined) return version;
  if (name === undefined && os === undefined)
    throw new DirectorError(UNCLASSED, "Stemcell definition must contain either name or os");
  const subject = name === undefined ? `Stemcell with Operating System '${os ?? ""}'` : `Stemcell '${name}'`;
  const named = stemcells.filter((each) => (name === undefined ? each.operatingSystem === os : each.name === name));
  if (named.length === 0) throw new DirectorError(50003, `${subject} doesn't exist`);
  const newest = named
    .filter((each) => continuesPrefix(each.version, prefix))
    .toSorted((a, b) => compareVersions(a.version, b.version))
    .at(-1);
  if (newest === undefined)
    throw new DirectorError(50003, `${subject} exists, but version with prefix '${prefix}' not found.`);
  return newest.version;
}
