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
    // Skips what is taken, as there may be far too many ranges of this size to try each.
    const behind = taken === undefined ? first + size : taken.last + 1n;
    first = ((behind + size - 1n) / size) * size;
  }
  return undefined;
}

/** The next free prefix of a subnet pool. @throws Refusal 400, 500 */
export function allocatePrefix({ slot }: Neutron, pool: SubnetpoolRow, bits: number): Prefix {
  checkLength(pool, bits);
  const used = [...slot.value.subnets.values()].flatMap((row) =>
    row.subnetpoolId === pool.id ? (parsePrefix(row.cidr) ?? []) : [],
  );
  for (const each of pool.prefixes.flatMap((text) => parsePrefix(text) ?? [])) {
    const free = firstFree(each, bits, used);
    if (free !== undefined) return free;
  }
  throw new Refusal(
    500,
    "SubnetAllocationError",
    `Failed to allocate subnet: Insufficient prefix space to allocate subnet size /${bits}.`,
  );
}
