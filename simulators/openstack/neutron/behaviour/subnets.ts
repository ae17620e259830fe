import { repr, str } from "../../python/index.ts";
import type { AllocationPool, HostRoute, NetworkRow, SubnetRow } from "../state/rows.ts";
import { addToCount } from "../state/quotas.ts";
import type { Neutron } from "../state/state.ts";
import { badInput, conflict, invalid } from "../wire/errors.ts";
import { addressText, addressValue, hostRange, isInPrefix, parsePrefix, type Prefix, prefixesOverlap } from "./ip.ts";

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
  if (!enableDhcp) return;
  if (prefix.bits > DHCP_BITS_MAX[version])
    throw badInput("Subnet has a prefix length that is incompatible with DHCP service enabled");
  for (const [what, range] of UNSERVED)
    if (range.version === prefix.version && prefix.first >= range.first && prefix.last <= range.last)
      throw badInput(`${what} IP subnet is not supported if enable_dhcp is True`);
  if (version === 4 && prefix.first === 0n)
    throw invalid(
      "InvalidInput",
      "Invalid input for operation: First IP '0.0.0.0' of network is not supported if enable_dhcp is True..",
    );
}

/** Ranges in which DHCP serves nobody. */
const UNSERVED = (
  [
    ["Multicast", "224.0.0.0/4"],
    ["Multicast", "ff00::/8"],
    ["Loopback", "127.0.0.0/8"],
    ["Loopback", "::1/128"],
  ] as const
).flatMap(([what, text]) => {
  const range = parsePrefix(text);
  return range === undefined ? [] : [[what, range] as const];
});

/** `max_dns_nameservers` and `max_subnet_host_routes`. */
const NAMESERVERS_MAX = 5;
const HOST_ROUTES_MAX = 20;

/** The fields of a subnet from a client, at creation or later. */
interface SubnetWishes {
  readonly gateway_ip?: string | null | undefined;
  readonly dns_nameservers?: readonly string[] | undefined;
  readonly host_routes?: readonly HostRoute[] | undefined;
}

/** Checks addresses against the subnet; `id` is how the subnet is called in refusals. @throws Refusal 400 */
export function checkWishes(prefix: Prefix, version: 4 | 6, wishes: SubnetWishes, id: string): void {
  const { gateway_ip: gateway, dns_nameservers: servers = [], host_routes: hostRoutes = [] } = wishes;
  if (gateway != null) checkGatewayAddress(prefix, version, gateway);
  if (servers.length > NAMESERVERS_MAX)
    throw invalid(
      "DNSNameServersExhausted",
      `Unable to complete operation for ${id}. The number of DNS nameservers exceeds the limit ${NAMESERVERS_MAX}.`,
    );
  for (const server of servers) checkVersion("dns_nameserver", server, version);
  if (hostRoutes.length > HOST_ROUTES_MAX)
    throw invalid(
      "HostRoutesExhausted",
      `Unable to complete operation for ${id}. The number of host routes exceeds the limit ${HOST_ROUTES_MAX}.`,
    );
  for (const { destination, nexthop } of hostRoutes) {
    checkVersion("destination", destination, version);
    checkVersion("nexthop", nexthop, version);
  }
}

/** @throws Refusal 400 */
function checkVersion(name: string, address: string, version: 4 | 6): void {
  if (address.includes(":") !== (version === 6))
    throw badInput(`${name} '${address}' does not match the ip_version '${version}'`);
}

/** A gateway outside the subnet is allowed, one at its edges is not. @throws Refusal 400 */
function checkGatewayAddress(prefix: Prefix, version: 4 | 6, gateway: string): void {
  checkVersion("gateway_ip", gateway, version);
  if (!isInPrefix(prefix, gateway) || prefix.bits >= (version === 4 ? 31 : 127)) return;
  const at = addressValue(gateway);
  if (version === 4 && (at === prefix.first || at === prefix.last)) throw badInput("Gateway is not valid on subnet");
}

/** @throws Refusal 400 */
export function checkServiceTypes(types: readonly unknown[]): void {
  for (const type of types)
    if (typeof type !== "string")
      throw invalid("InvalidInputSubnetServiceType", `Subnet service type ${str(type)} is not a string.`);
    else if (!/^(network|compute|baremetal):/.test(type))
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
