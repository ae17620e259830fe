import { compareVersions } from "../artifacts/versions.ts";
import type { Stemcell } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Manifest } from "./manifest-types.ts";

/** @throws DirectorError 50003 */
export function resolveStemcell(director: Director, wanted: Manifest["stemcells"][number]): Stemcell {
  const { stemcells } = director.slot.value;
  const named = stemcells.filter(({ name, operatingSystem }) =>
    wanted.name === undefined ? operatingSystem === wanted.os : name === wanted.name,
  );
  const isLatest = /^(.*\.)?latest$/.test(wanted.version);
  const prefix = wanted.version.slice(0, -"latest".length);
  const found = isLatest
    ? named.filter(({ version }) => version.startsWith(prefix)).sort((a, b) => compareVersions(b.version, a.version))[0]
    : named.find(({ version }) => version === wanted.version);
  if (found !== undefined) return found;
  const whose =
    wanted.os === undefined
      ? `Stemcell '${wanted.name}/${wanted.version}'`
      : `Stemcell version '${wanted.version}' for OS '${wanted.os}'`;
  throw new DirectorError(50003, `${whose} doesn't exist`);
}
