/** A version in its three segments, each a list of the parts between dots. */
interface Version {
  readonly release: readonly string[];
  /** The part that makes it older than the release alone: `1.0-rc.1`. */
  readonly preRelease: readonly string[] | undefined;
  /** The part that makes it newer than the release alone: `1.0+dev.2`. */
  readonly postRelease: readonly string[] | undefined;
}

const SEGMENTS = /^([^-+]*)(?:-([^+]*))?(?:\+(.*))?$/;

function parseVersion(text: string): Version {
  const [, release = "", preRelease, postRelease] = SEGMENTS.exec(text) ?? [];
  return {
    release: release.split("."),
    preRelease: preRelease?.split("."),
    postRelease: postRelease?.split("."),
  };
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
