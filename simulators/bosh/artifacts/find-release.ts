import type { ReleaseVersion } from "../state/artifacts.ts";
import type { DirectorState } from "../state/index.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { compareVersions, normaliseVersion } from "./versions.ts";

/*
 * Releases by name and version (api/release_manager.rb in bosh-director).
 */
type Releases = Pick<DirectorState, "releases">;

/** All versions of a release. @throws DirectorError 30005 */
function requireRelease({ releases }: Releases, name: string): readonly ReleaseVersion[] {
  const versions = releases.get(name);
  if (versions === undefined) throw new DirectorError(30005, `Release '${name}' doesn't exist`);
  return versions;
}

/** One version of a release. @throws DirectorError 30005, 30006, 30010, or 100 for no version at all */
export function requireReleaseVersion(state: Releases, name: string, version: string): ReleaseVersion {
  const versions = requireRelease(state, name);
  const exact = versions.find((each) => each.version === version);
  if (exact !== undefined) return exact;
  if (version === "") throw new DirectorError(UNCLASSED, "Invalid Version String: ''");
  const normal = normaliseVersion(version);
  if (normal === undefined) throw new DirectorError(30010, `Release version invalid: ${version}`);
  const found = versions.find((each) => each.version === normal);
  if (found === undefined) throw new DirectorError(30006, `Release version '${name}/${version}' doesn't exist`);
  return found;
}

const LATEST = /^(?:(.+)\.)?latest$/;

/** The prefix before `latest`: empty for `latest`, `1` for `1.latest`; undefined for a plain version. */
export function latestPrefix(version: string): string | undefined {
  const match = LATEST.exec(version);
  return match === null ? undefined : (match[1] ?? "");
}

/** Whether a version begins with a prefix such as `1.2` that ends where one of its parts does. */
export const continuesPrefix = (version: string, prefix: string): boolean =>
  prefix === "" || (version.startsWith(prefix) && /^(?:[.\-+]|$)/.test(version.slice(prefix.length)));

/** The version that a manifest means. @throws DirectorError 30005, or 100 in Ruby's words if no version has the prefix */
export function resolveReleaseVersion(state: Releases, name: string, version: string): string {
  const prefix = latestPrefix(version);
  if (prefix === undefined) return version;
  const newest = requireRelease(state, name)
    .filter((each) => continuesPrefix(each.version, prefix))
    .toSorted((a, b) => compareVersions(a.version, b.version))
    .at(-1);
  if (newest === undefined) throw new DirectorError(UNCLASSED, "undefined method '[]' for nil");
  return newest.version;
}
