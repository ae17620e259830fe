import { Refusal } from "../../refusal.ts";
import type { SubnetpoolRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { invalid } from "../wire/errors.ts";
import { addressText, parsePrefix, type Prefix, prefixesOverlap, prefixSize } from "./ip.ts";

/** @throws Refusal 400 */
function checkLength(pool: SubnetpoolRow, bits: number): void {
  const refusal = (bound: "Min" | "Max", limit: number): Refusal =>
    invalid(
      `${bound}PrefixSubnetAllocationError`,
      `Unable to allocate subnet with prefix length ${bits}, ${bound.toLowerCase()}imum allowed prefix is ${limit}.`,
    );
  if (bits < pool.minPrefixlen) throw refusal("Min", pool.minPrefixlen);
  if (bits > pool.maxPrefixlen) throw refusal("Max", pool.maxPrefixlen);
}

/** The first range of this size in a prefix that overlaps nothing in use. */
function firstFree(within: Prefix, bits: number, used: readonly Prefix[]): Prefix | undefined {
  const { version } = within;
  const size = prefixSize(version, bits);
  for (let first = within.first; first + size - 1n <= within.last; ) {
    const candidate = parsePrefix(`${addressText(first, version)}/${bits}`);
    const taken = candidate && used.find((other) => prefixesOverlap(candidate, other));
    if (candidate !== undefined && taken === undefined) return candidate;
    // Skips used ranges, as there may be far too many of this size to try each.
    const behind = taken === undefined ? first + size : taken.last + 1n;
    first = ((behind + size - 1n) / size) * size;
  }
  return undefined;
}

const poolFailure = (why: string): Refusal =>
  new Refusal(500, "SubnetAllocationError", `Failed to allocate subnet: ${why}.`);

/** How much of a quota a prefix uses: addresses of IPv4, networks of 64 bits of IPv6. */
const weightOf = ({ version, bits }: Prefix): bigint => prefixSize(version, bits) >> (version === 4 ? 0n : 64n);

/** @throws Refusal 409 */
function checkPoolQuota({ slot }: Neutron, pool: SubnetpoolRow, projectId: string, wanted: Prefix): void {
  if (pool.defaultQuota === null) return;
  const own = slot.value.subnets
    .values()
    .filter((row) => row.subnetpoolId === pool.id && row.projectId === projectId)
    .toArray()
    .flatMap((row) => parsePrefix(row.cidr) ?? []);
  const used = own.reduce((sum, prefix) => sum + weightOf(prefix), 0n);
  if (used + weightOf(wanted) > BigInt(pool.defaultQuota))
    throw new Refusal(409, "SubnetPoolQuotaExceeded", "Per-tenant subnet pool prefix quota exceeded.");
}

/** A prefix of a subnet pool: the given one, or the next free one of this length. @throws Refusal 400, 409, 500 */
export function allocatePrefix(
  neutron: Neutron,
  pool: SubnetpoolRow,
  projectId: string,
  wanted: Prefix | number,
): Prefix {
  const bits = typeof wanted === "number" ? wanted : wanted.bits;
  checkLength(pool, bits);
  const used = [...neutron.slot.value.subnets.values()].flatMap((row) =>
    row.subnetpoolId === pool.id ? (parsePrefix(row.cidr) ?? []) : [],
  );
  const ranges = pool.prefixes.flatMap((text) => parsePrefix(text) ?? []);
  const found =
    typeof wanted === "number" ? firstOf(ranges, wanted, used) : isFree(ranges, wanted, used) ? wanted : undefined;
  if (found !== undefined) {
    checkPoolQuota(neutron, pool, projectId, found);
    return found;
  }
  throw typeof wanted === "number"
    ? poolFailure(`Insufficient prefix space to allocate subnet size /${bits}`)
    : poolFailure("Cannot allocate requested subnet from the available set of prefixes");
}

const firstOf = (ranges: readonly Prefix[], bits: number, used: readonly Prefix[]): Prefix | undefined =>
  ranges
    .values()
    .map((range) => firstFree(range, bits, used))
    .find((free) => free !== undefined);

const isFree = (ranges: readonly Prefix[], wanted: Prefix, used: readonly Prefix[]): boolean =>
  ranges.some((range) => wanted.first >= range.first && wanted.last <= range.last) &&
  !used.some((other) => prefixesOverlap(wanted, other));

/** Joins prefixes that are neighbours or lie in one another, in ascending order (`netaddr.IPSet`). */
export function mergePrefixes(texts: readonly string[]): readonly string[] {
  const sorted = texts
    .flatMap((text) => parsePrefix(text) ?? [])
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.bits - b.bits));
  const merged: Prefix[] = [];
  for (const prefix of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && last.version === prefix.version && prefix.last <= last.last) continue;
    merged.push(prefix);
    joinNeighbours(merged);
  }
  return merged.map(({ text }) => text);
}

/** Joins the last two as long as they are the halves of one prefix. */
function joinNeighbours(prefixes: Prefix[]): void {
  for (;;) {
    const [left, right] = prefixes.slice(-2);
    if (left === undefined || right === undefined || left.bits !== right.bits || left.last + 1n !== right.first) return;
    const whole = parsePrefix(`${addressText(left.first, left.version)}/${left.bits - 1}`);
    if (whole === undefined || whole.first !== left.first) return;
    prefixes.splice(-2, 2, whole);
  }
}

/** Whether the ranges hold all of a prefix. */
const isWithin = (texts: readonly string[], prefix: Prefix): boolean =>
  texts
    .flatMap((text) => parsePrefix(text) ?? [])
    .some((range) => range.version === prefix.version && range.first <= prefix.first && range.last >= prefix.last);

/** Checks that a pool keeps what it has. @throws Refusal 400 */
export function checkExtended(pool: SubnetpoolRow, prefixes: readonly string[]): void {
  if (!pool.prefixes.flatMap((text) => parsePrefix(text) ?? []).every((old) => isWithin(prefixes, old)))
    throw invalid(
      "IllegalSubnetPoolPrefixUpdate",
      "Illegal update to prefixes: Existing prefixes must be a subset of the new prefixes.",
    );
}

/** The rest of a prefix without another, as prefixes. */
function without(range: Prefix, gone: Prefix): readonly string[] {
  if (!prefixesOverlap(range, gone)) return [range.text];
  if (gone.first <= range.first && gone.last >= range.last) return [];
  const half = prefixSize(range.version, range.bits + 1);
  return [range.first, range.first + half].flatMap((first) => {
    const part = parsePrefix(`${addressText(first, range.version)}/${range.bits + 1}`);
    return part === undefined ? [] : without(part, gone);
  });
}

/** The pool's prefixes without others. @throws Refusal 400 while subnets are allocated from these */
export function removePrefixes({ slot }: Neutron, pool: SubnetpoolRow, gone: readonly Prefix[]): readonly string[] {
  const used = slot.value.subnets
    .values()
    .filter(({ subnetpoolId }) => subnetpoolId === pool.id)
    .toArray()
    .flatMap(({ cidr }) => parsePrefix(cidr) ?? []);
  for (const each of used)
    if (gone.some((prefix) => prefixesOverlap(prefix, each)))
      throw invalid(
        "IllegalSubnetPoolPrefixUpdate",
        "Illegal update to prefixes: One or more the prefixes to be removed is in use by a subnet..",
      );
  return mergePrefixes(
    pool.prefixes.flatMap((text) => {
      let left: readonly string[] = [text];
      for (const prefix of gone)
        left = left.flatMap((part) => {
          const range = parsePrefix(part);
          return range === undefined ? [] : without(range, prefix);
        });
      return left;
    }),
  );
}
