/** A version as three segments, each a list of the parts between dots. */
interface Version {
  readonly release: readonly string[];
  /** A version with it is older than the release alone: `1.0-rc.1`. */
  readonly preRelease: readonly string[] | undefined;
  /** A version with it is newer than the release alone: `1.0+dev.2`. */
  readonly postRelease: readonly string[] | undefined;
}

const SEGMENTS = /^([^-+]*)(?:-([^+]*))?(?:\+(.*))?$/;

/**
 * The syntax that the director's own gem accepts: letters, digits, underscores and dots, in up to three
 * segments (semi_semantic 1.2).
 */
const VALID = /^[0-9A-Za-z_.]+(?:-[0-9A-Za-z_.-]+)?(?:\+[0-9A-Za-z_.-]+)?$/;

function parseVersion(text: string): Version {
  const [, release = "", preRelease, postRelease] = SEGMENTS.exec(text) ?? [];
  return {
    release: release.split("."),
    preRelease: preRelease?.split("."),
    postRelease: postRelease?.split("."),
  };
}

/** Numbers without leading zeros. */
const normaliseSegment = (parts: readonly string[]): string =>
  parts.map((part) => (/^\d+$/.test(part) ? part.replace(/^0+(?=\d)/, "") : part)).join(".");

/** A version as the director writes it (`01` is `1`, `1.2-dev` is `1+dev.2`); undefined if it is not one. */
export function normaliseVersion(given: string): string | undefined {
  const text = given.replace(/^(.*)\.(\d+)-dev$/, "$1+dev.$2");
  if (!VALID.test(text)) return undefined;
  const { release, preRelease, postRelease } = parseVersion(text);
  const segments = [release, preRelease, postRelease].filter((each) => each !== undefined);
  if (segments.some((segment) => segment.includes(""))) return undefined;
  const [own = "", pre, post] = [release, preRelease, postRelease].map((each) => each && normaliseSegment(each));
  return `${own}${pre === undefined ? "" : `-${pre}`}${post === undefined ? "" : `+${post}`}`;
}

/** Whether a version carries a third segment, as development versions do. */
export const hasPostRelease = (version: string): boolean => parseVersion(version).postRelease !== undefined;

/**
 * The version under which a development version is stored when it is rebased: the one after the newest of the same release
 * (release_version_list.rb in bosh-director).
 */
export function rebaseVersion(version: string, known: readonly string[]): string {
  const base = version.replace(/\+.*$/, "");
  const same = known.filter((each) => compareVersions(each.replace(/\+.*$/, ""), base) === 0);
  const latest = same.toSorted(compareVersions).at(-1);
  if (latest === undefined || !hasPostRelease(latest)) return `${base}+dev.1`;
  return latest.replace(/(\d+)$/, (digits) => String(Number(digits) + 1));
}

/**
 * The order of releases and stemcells by version (the semi_semantic gem, which the director uses): numbers as numbers, before words;
 * `1-rc.1`, `1`, `1+dev.1`. Missing parts count as 0, so `1` is `1.0`.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return (
    compareParts(left.release, right.release) ||
    compareOptional(left.preRelease, right.preRelease, -1) ||
    compareOptional(left.postRelease, right.postRelease, 1)
  );
}

/** @param present the order of a version that has the segment relative to one that lacks it */
function compareOptional(
  left: readonly string[] | undefined,
  right: readonly string[] | undefined,
  present: -1 | 1,
): number {
  if (left === undefined) return right === undefined ? 0 : -present;
  return right === undefined ? present : compareParts(left, right);
}

function compareParts(left: readonly string[], right: readonly string[]): number {
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const order = comparePart(left[at] ?? "0", right[at] ?? "0");
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(left: string, right: string): number {
  const [isLeftNumber, isRightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (isLeftNumber && isRightNumber) return Number(left) - Number(right);
  if (isLeftNumber !== isRightNumber) return isLeftNumber ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}
