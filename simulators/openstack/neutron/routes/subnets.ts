import type { Actor } from "../../cloud.ts";
import { repr } from "../../common/python.ts";
import { Refusal } from "../../common/refusal.ts";
import { fromBig, holds, overlap, type Prefix, prefixOf, toBig } from "../behaviour/ip.ts";
import {
  boolean,
  integer,
  ip,
  list,
  nameservers,
  oneOf,
  orNull,
  pools,
  routes,
  text,
  uuid,
} from "../wire/attributes.ts";
import {
  badInput,
  badRequest,
  conflict,
  dated,
  type Fields,
  fresh,
  type Neutron,
  notFound,
  owned,
  owns,
  sees,
  shares,
  touch,
} from "../wire/wire.ts";
import { releasePort } from "../behaviour/ports.ts";
import { count } from "./quotas.ts";
import { type Resource, rowOf, withCommon } from "./resource.ts";
import type { NetworkRow, Pool, Route, SubnetpoolRow, SubnetRow } from "../state/state.ts";

const view = (_neutron: Neutron, _actor: Actor, row: SubnetRow): Fields => ({
  id: row.id,
  name: row.name,
  ...owned(row.projectId),
  network_id: row.networkId,
  ip_version: row.version,
  subnetpool_id: row.subnetpoolId,
  enable_dhcp: row.enableDhcp,
  ipv6_ra_mode: row.raMode,
  ipv6_address_mode: row.addressMode,
  gateway_ip: row.gatewayIp,
  cidr: row.cidr,
  allocation_pools: row.pools,
  host_routes: row.hostRoutes,
  dns_nameservers: row.dnsNameservers,
  description: row.description,
  service_types: row.serviceTypes,
  tags: row.tags,
  ...dated(row),
});

/** The usable addresses: IPv4 keeps the first and the last for itself, IPv6 the first. */
function usable({ version, first, last, bits }: Prefix): { readonly first: bigint; readonly last: bigint } {
  if (version === 6) return bits >= 127 ? { first, last } : { first: first + 1n, last };
  return bits >= 31 ? { first, last } : { first: first + 1n, last: last - 1n };
}

function defaultPools(prefix: Prefix, gateway: string | null): readonly Pool[] {
  const { first, last } = usable(prefix);
  const pool = (start: bigint, end: bigint): Pool[] =>
    start > end ? [] : [{ start: fromBig(start, prefix.version), end: fromBig(end, prefix.version) }];
  if (gateway === null || !holds(prefix, gateway)) return pool(first, last);
  const at = toBig(gateway);
  if (at < first || at > last) return pool(first, last);
  return [...pool(first, at - 1n), ...pool(at + 1n, last)];
}

/** @throws Refusal 400, 409 */
function checkPools(prefix: Prefix, pools: readonly Pool[]): void {
  for (const { start, end } of pools)
    if (toBig(start) > toBig(end))
      throw new Refusal(400, "InvalidAllocationPool", `The allocation pool ${repr({ start, end })} is not valid.`);
  const { first, last } = usable(prefix);
  for (const { start, end } of pools)
    if (toBig(start) < first || toBig(end) > last)
      throw new Refusal(
        400,
        "OutOfBoundsAllocationPool",
        `The allocation pool ${start}-${end} spans beyond the subnet cidr ${prefix.text}.`,
      );
  for (const [at, a] of pools.entries())
    for (const b of pools.slice(at + 1))
      if (toBig(a.start) <= toBig(b.end) && toBig(b.start) <= toBig(a.end))
        throw conflict(
          "OverlappingAllocationPools",
          `Found overlapping allocation pools: ${a.start}-${a.end} ${b.start}-${b.end} for subnet ${prefix.text}.`,
        );
}

/** @throws Refusal 409 */
function checkGateway(gateway: string | null, pools: readonly Pool[]): void {
  if (gateway === null) return;
  for (const { start, end } of pools)
    if (toBig(gateway) >= toBig(start) && toBig(gateway) <= toBig(end) && gateway.includes(":") === start.includes(":"))
      throw conflict(
        "GatewayConflictWithAllocationPools",
        `Gateway ip ${gateway} conflicts with allocation pool ${start}-${end}.`,
      );
}

/** @throws Refusal 400 */
function checkModes(fields: Fields, prefix: Prefix, enableDhcp: boolean): void {
  const version = fields.ip_version as number;
  if (prefix.version !== version) throw badInput(`cidr '${prefix.text}' does not match the ip_version '${version}'`);
  const longest = version === 4 ? 30 : 126;
  if (enableDhcp && prefix.bits > longest)
    throw badInput("Subnet has a prefix length that is incompatible with DHCP service enabled");
  for (const name of ["ipv6_ra_mode", "ipv6_address_mode"])
    if (version === 4 && fields[name] !== undefined && fields[name] !== null)
      throw badInput(`${name} is not valid when ip_version is 4`);
  for (const type of (fields.service_types as readonly string[] | undefined) ?? [])
    if (!/^(network|compute|baremetal):/.test(type))
      throw new Refusal(
        400,
        "InvalidSubnetServiceType",
        `Subnet service type ${type} does not correspond to a valid device owner.`,
      );
}

/** @throws Refusal 400 */
function checkOverlap({ slot }: Neutron, network: NetworkRow, prefix: Prefix): void {
  for (const id of network.subnets) {
    const other = prefixOf(slot.value.subnets.get(id)?.cidr);
    if (other !== undefined && overlap(prefix, other))
      throw badInput(
        `Requested subnet with cidr: ${prefix.text} for network: ${network.id} overlaps with another subnet`,
      );
  }
}

/** The prefix that is asked for, or the next free one of a pool. @throws Refusal 400, 404 */
function prefixFor(
  neutron: Neutron,
  actor: Actor,
  fields: Fields,
): { prefix: Prefix; pool: SubnetpoolRow | undefined } {
  const poolId = fields.subnetpool_id as string | null | undefined;
  const pool = poolId === undefined || poolId === null ? undefined : neutron.slot.value.subnetpools.get(poolId);
  if (typeof poolId === "string" && (pool === undefined || !(owns(actor, pool) || pool.shared)))
    throw notFound("SubnetPool", poolId);
  const asked = prefixOf(fields.cidr);
  if (asked !== undefined) return { prefix: asked, pool };
  if (pool === undefined) throw badRequest("subnets", "a subnetpool must be specified in the absence of a cidr.");
  return { prefix: nextPrefix(neutron, pool, (fields.prefixlen as number | undefined) ?? pool.defaultPrefixlen), pool };
}

function nextPrefix({ slot }: Neutron, pool: SubnetpoolRow, bits: number): Prefix {
  if (bits < pool.minPrefixlen || bits > pool.maxPrefixlen)
    throw new Refusal(
      400,
      bits < pool.minPrefixlen ? "MinPrefixSubnetAllocationError" : "MaxPrefixSubnetAllocationError",
      `Unable to allocate subnet with prefix length ${bits}, ${bits < pool.minPrefixlen ? `minimum allowed prefix is ${pool.minPrefixlen}` : `maximum allowed prefix is ${pool.maxPrefixlen}`}.`,
    );
  const used = [...slot.value.subnets.values()].flatMap((row) =>
    row.subnetpoolId === pool.id ? (prefixOf(row.cidr) ?? []) : [],
  );
  for (const each of pool.prefixes.flatMap((text_) => prefixOf(text_) ?? [])) {
    const size = 1n << BigInt((pool.version === 4 ? 32 : 128) - bits);
    for (let first = each.first; first + size - 1n <= each.last; ) {
      const candidate = prefixOf(`${fromBig(first, pool.version)}/${bits}`);
      const taken = candidate && used.find((other) => overlap(candidate, other));
      if (candidate !== undefined && taken === undefined) return candidate;
      // Behind what is taken, at the next place of this size: there may be more places than anybody could try.
      const behind = taken === undefined ? first + size : taken.last + 1n;
      first = ((behind + size - 1n) / size) * size;
    }
  }
  throw new Refusal(
    500,
    "SubnetAllocationError",
    "Failed to allocate subnet: Insufficient prefix space to allocate subnet size /" + bits + ".",
  );
}

/** The network is gone, or only this subnet. */
export function dropSubnet(neutron: Neutron, row: SubnetRow): void {
  const state = neutron.slot.value;
  if (!state.subnets.delete(row.id)) return;
  const network = state.networks.get(row.networkId);
  const at = network?.subnets.indexOf(row.id) ?? -1;
  if (at >= 0) network?.subnets.splice(at, 1);
  count(neutron, row.projectId, "subnet", -1);
  neutron.cloud.kernel.record("neutron", "subnet.delete", row.id);
}

const MODES = ["slaac", "dhcpv6-stateful", "dhcpv6-stateless", null];

export const SUBNETS: Resource<SubnetRow> = {
  name: "subnet",
  collection: "subnets",
  path: "subnets",
  kind: "Subnet",
  quota: "subnet",
  clients: ["openstack"],
  isCore: true,
  isBulk: true,
  attributes: withCommon({
    network_id: { isRequired: true, put: false, convert: uuid },
    ip_version: { isRequired: true, put: false, convert: oneOf([4, 6], integer) },
    name: { convert: text() },
    cidr: {
      put: false,
      convert: orNull((value) => {
        if (typeof value !== "string" || !value.includes("/") || prefixOf(value) === undefined)
          throw badInput(`${String(value)} is not in a CIDR format`);
        return prefixOf(value)?.text;
      }),
    },
    prefixlen: { put: false, convert: integer, isFilter: false },
    subnetpool_id: { put: false },
    use_default_subnetpool: { put: false, convert: boolean },
    gateway_ip: { convert: orNull(ip) },
    allocation_pools: { convert: pools },
    dns_nameservers: { convert: nameservers },
    host_routes: { convert: routes },
    enable_dhcp: { convert: boolean, isBoolean: true },
    ipv6_ra_mode: { put: false, convert: oneOf(MODES) },
    ipv6_address_mode: { put: false, convert: oneOf(MODES) },
    service_types: { convert: list },
    shared: { post: false, put: false },
    segment_id: {},
    dns_publish_fixed_ip: { convert: boolean },
  }),
  rows: ({ slot }, { query }) => {
    const network = slot.value.networks.get(query.get("network_id") ?? "");
    return network === undefined
      ? slot.value.subnets.values()
      : network.subnets.flatMap((id) => slot.value.subnets.get(id) ?? []);
  },
  find: ({ slot }, id) => slot.value.subnets.get(id),
  sees: (neutron, actor, row) => {
    const network = neutron.slot.value.networks.get(row.networkId);
    return owns(actor, row) || (network !== undefined && shares(neutron, actor, network));
  },
  view,
  create: (neutron, actor, projectId, fields) => {
    const network = neutron.slot.value.networks.get(fields.network_id as string);
    if (network === undefined || !sees(neutron, actor, network)) throw notFound("Network", String(fields.network_id));
    const { prefix, pool } = prefixFor(neutron, actor, fields);
    const enableDhcp = (fields.enable_dhcp as boolean | undefined) ?? true;
    checkModes(fields, prefix, enableDhcp);
    const firstHost = prefix.version === 6 ? prefix.first : usable(prefix).first;
    const gatewayIp =
      fields.gateway_ip === undefined ? fromBig(firstHost, prefix.version) : (fields.gateway_ip as string | null);
    const given = fields.allocation_pools as readonly Pool[] | undefined;
    if (given !== undefined) {
      checkPools(prefix, given);
      checkGateway(gatewayIp, given);
    }
    checkOverlap(neutron, network, prefix);
    const row: SubnetRow = {
      ...fresh(neutron, projectId, fields.description, 0),
      networkId: network.id,
      name: (fields.name as string | undefined) ?? "",
      version: prefix.version,
      cidr: prefix.text,
      subnetpoolId: pool?.id ?? null,
      gatewayIp,
      enableDhcp,
      dnsNameservers: (fields.dns_nameservers as readonly string[] | undefined) ?? [],
      hostRoutes: (fields.host_routes as readonly Route[] | undefined) ?? [],
      serviceTypes: (fields.service_types as readonly string[] | undefined) ?? [],
      raMode: (fields.ipv6_ra_mode as string | undefined) ?? null,
      addressMode: (fields.ipv6_address_mode as string | undefined) ?? null,
      pools: given ?? defaultPools(prefix, gatewayIp),
      lowestFree: 0,
    };
    neutron.slot.value.subnets.set(row.id, row);
    network.subnets.push(row.id);
    touch(neutron, network);
    count(neutron, projectId, "subnet", 1);
    neutron.cloud.kernel.record("neutron", "subnet.create", row.id, { network: network.id, cidr: row.cidr });
    return row;
  },
  update: (neutron, _actor, row, fields) => {
    const prefix = prefixOf(row.cidr) as Prefix;
    const wanted = (fields.allocation_pools as readonly Pool[] | undefined) ?? row.pools;
    if (fields.allocation_pools !== undefined) checkPools(prefix, wanted);
    const gateway = fields.gateway_ip === undefined ? row.gatewayIp : (fields.gateway_ip as string | null);
    if (fields.gateway_ip !== undefined || fields.allocation_pools !== undefined) checkGateway(gateway, wanted);
    row.gatewayIp = gateway;
    if (fields.allocation_pools !== undefined) Object.assign(row, { pools: wanted, lowestFree: 0 });
    row.name = (fields.name as string | undefined) ?? row.name;
    row.description = (fields.description as string | undefined) ?? row.description;
    row.enableDhcp = (fields.enable_dhcp as boolean | undefined) ?? row.enableDhcp;
    row.dnsNameservers = (fields.dns_nameservers as readonly string[] | undefined) ?? row.dnsNameservers;
    row.hostRoutes = (fields.host_routes as readonly Route[] | undefined) ?? row.hostRoutes;
    row.serviceTypes = (fields.service_types as readonly string[] | undefined) ?? row.serviceTypes;
    const network = neutron.slot.value.networks.get(row.networkId);
    if (network !== undefined) touch(neutron, network);
  },
  remove: (neutron, _actor, row) => {
    const { ports, networks } = neutron.slot.value;
    const users = [...ports.values()].filter(({ fixedIps }) => fixedIps.some(({ subnetId }) => subnetId === row.id));
    if (users.some(({ deviceOwner }) => deviceOwner !== "network:dhcp"))
      throw conflict(
        "SubnetInUse",
        `Unable to complete operation on subnet ${row.id}: One or more ports have an IP allocation from this subnet.`,
      );
    for (const port of users) releasePort(neutron, port);
    dropSubnet(neutron, row);
    const network = networks.get(row.networkId);
    if (network !== undefined) touch(neutron, network);
  },
};

/** @throws Refusal 404 */
export const subnetOf = (neutron: Neutron, actor: Actor, id: string): SubnetRow => rowOf(neutron, SUBNETS, actor, id);
