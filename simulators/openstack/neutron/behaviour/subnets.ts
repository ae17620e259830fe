import { repr } from "../../python/index.ts";
import type { AllocationPool, NetworkRow, SubnetRow } from "../state/rows.ts";
import { addToCount } from "../state/quotas.ts";
import type { Neutron } from "../state/state.ts";
import { badInput, conflict, invalid } from "../wire/errors.ts";
import { addressText, addressValue, isInPrefix, parsePrefix, type Prefix, prefixesOverlap } from "./ip.ts";

/** The addresses that hosts may have: all but the first and, for IPv4, the last. */
function hostRange({ version, first, last, bits }: Prefix): { readonly first: bigint; readonly last: bigint } {
  if (version === 6) return bits >= 127 ? { first, last } : { first: first + 1n, last };
  return bits >= 31 ? { first, last } : { first: first + 1n, last: last - 1n };
}

/** The default gateway of a subnet. */
export const defaultGateway = (prefix: Prefix): string =>
  addressText(prefix.version === 6 ? prefix.first : hostRange(prefix).first, prefix.version);

/** The default pools of a subnet: all hosts but the gateway. */
export function defaultPools(prefix: Prefix, gateway: string | null): readonly AllocationPool[] {
  const { first, last } = hostRange(prefix);
  const pool = (start: bigint, end: bigint): AllocationPool[] =>
    start > end ? [] : [{ start: addressText(start, prefix.version), end: addressText(end, prefix.version) }];
  if (gateway === null || !isInPrefix(prefix, gateway)) return pool(first, last);
  const at = addressValue(gateway);
  if (at < first || at > last) return pool(first, last);
  return [...pool(first, at - 1n), ...pool(at + 1n, last)];
}

/** @throws Refusal 400, 409 */
export function checkPools(prefix: Prefix, pools: readonly AllocationPool[]): void {
  for (const { start, end } of pools)
    if (addressValue(start) > addressValue(end))
      throw invalid("InvalidAllocationPool", `The allocation pool ${repr({ start, end })} is not valid.`);
  const { first, last } = hostRange(prefix);
  for (const { start, end } of pools)
    if (addressValue(start) < first || addressValue(end) > last)
      throw invalid(
        "OutOfBoundsAllocationPool",
        `The allocation pool ${start}-${end} spans beyond the subnet cidr ${prefix.text}.`,
      );
  checkPoolsApart(prefix, pools);
}

/** @throws Refusal 409 */
function checkPoolsApart(prefix: Prefix, pools: readonly AllocationPool[]): void {
  for (const [at, a] of pools.entries())
    for (const b of pools.slice(at + 1))
      if (addressValue(a.start) <= addressValue(b.end) && addressValue(b.start) <= addressValue(a.end))
        throw conflict(
          "OverlappingAllocationPools",
          `Found overlapping allocation pools: ${a.start}-${a.end} ${b.start}-${b.end} for subnet ${prefix.text}.`,
        );
}

/** @throws Refusal 409 */
export function checkGateway(gateway: string | null, pools: readonly AllocationPool[]): void {
  if (gateway === null) return;
  for (const { start, end } of pools) {
    const isInPool = addressValue(gateway) >= addressValue(start) && addressValue(gateway) <= addressValue(end);
    if (isInPool && gateway.includes(":") === start.includes(":"))
      throw conflict(
        "GatewayConflictWithAllocationPools",
        `Gateway ip ${gateway} conflicts with allocation pool ${start}-${end}.`,
      );
  }
}

/** The longest prefixes in which DHCP has addresses to offer. */
const DHCP_BITS_MAX = { 4: 30, 6: 126 } as const;

/** @throws Refusal 400 */
export function checkPrefix(prefix: Prefix, version: 4 | 6, enableDhcp: boolean): void {
  if (prefix.version !== version) throw badInput(`cidr '${prefix.text}' does not match the ip_version '${version}'`);
  if (enableDhcp && prefix.bits > DHCP_BITS_MAX[version])
    throw badInput("Subnet has a prefix length that is incompatible with DHCP service enabled");
}

/** @throws Refusal 400 */
export function checkServiceTypes(types: readonly string[]): void {
  for (const type of types)
    if (!/^(network|compute|baremetal):/.test(type))
      throw invalid(
        "InvalidSubnetServiceType",
        `Subnet service type ${type} does not correspond to a valid device owner.`,
      );
}

/** @throws Refusal 400 */
export function checkOverlap({ slot }: Neutron, network: NetworkRow, prefix: Prefix): void {
  for (const id of network.subnets) {
    const other = parsePrefix(slot.value.subnets.get(id)?.cidr);
    if (other !== undefined && prefixesOverlap(prefix, other))
      throw badInput(
        `Requested subnet with cidr: ${prefix.text} for network: ${network.id} overlaps with another subnet`,
      );
  }
}

/** Removes a subnet from its network. Its ports must be gone. */
export function deleteSubnet(neutron: Neutron, row: SubnetRow): void {
  const state = neutron.slot.value;
  if (!state.subnets.delete(row.id)) return;
  const network = state.networks.get(row.networkId);
  const at = network?.subnets.indexOf(row.id) ?? -1;
  if (at >= 0) network?.subnets.splice(at, 1);
  addToCount(neutron, row.projectId, "subnet", -1);
  neutron.cloud.kernel.record("neutron", "subnet.delete", row.id);
}
