import { type Actor, controls } from "../../cloud.ts";
import { parsePrefix, type Prefix } from "../behaviour/ip.ts";
import { deletePort } from "../behaviour/ports.ts";
import { allocatePrefix } from "../behaviour/subnetpools.ts";
import {
  checkGateway,
  checkOverlap,
  checkPools,
  checkPrefix,
  checkServiceTypes,
  defaultGateway,
  defaultPools,
  deleteSubnet,
} from "../behaviour/subnets.ts";
import { canSeeSubnet } from "../state/access.ts";
import { requireNetwork } from "../state/lookup.ts";
import { addToCount } from "../state/quotas.ts";
import type { SubnetpoolRow, SubnetRow } from "../state/rows.ts";
import { type Neutron, newRow, touch } from "../state/state.ts";
import { type Fields, type NewFields, withStandard } from "../wire/attributes.ts";
import {
  allocationPools,
  boolean,
  integer,
  ip,
  nameservers,
  oneOf,
  orNull,
  routes,
  text,
  texts,
  uuid,
} from "../wire/converters.ts";
import { badInput, badRequest, conflict, notFound } from "../wire/errors.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";
import type { Resource } from "./resource.ts";

const MODES = ["slaac", "dhcpv6-stateful", "dhcpv6-stateless", null] as const;

const cidr = (value: unknown): string => {
  const prefix = typeof value === "string" && value.includes("/") ? parsePrefix(value) : undefined;
  if (prefix === undefined) throw badInput(`${String(value)} is not in a CIDR format`);
  return prefix.text;
};

const ATTRIBUTES = withStandard({
  network_id: { isRequired: true, put: false, convert: uuid },
  ip_version: { isRequired: true, put: false, convert: oneOf([4, 6], integer) },
  name: { convert: text },
  cidr: { put: false, convert: orNull(cidr) },
  prefixlen: { put: false, convert: integer, isFilter: false },
  subnetpool_id: { put: false },
  use_default_subnetpool: { put: false, convert: boolean },
  gateway_ip: { convert: orNull(ip) },
  allocation_pools: { convert: allocationPools },
  dns_nameservers: { convert: nameservers },
  host_routes: { convert: routes },
  enable_dhcp: { convert: boolean, isBoolean: true },
  ipv6_ra_mode: { put: false, convert: oneOf(MODES) },
  ipv6_address_mode: { put: false, convert: oneOf(MODES) },
  service_types: { convert: texts },
  shared: { post: false, put: false },
  segment_id: {},
  dns_publish_fixed_ip: { convert: boolean },
});
type SubnetAttributes = typeof ATTRIBUTES;

const view = (_neutron: Neutron, _actor: Actor, row: SubnetRow): View => ({
  id: row.id,
  name: row.name,
  ...projectMembers(row.projectId),
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
  ...revisionMembers(row),
});

/** @throws Refusal 404 */
function findSubnetpool({ slot }: Neutron, actor: Actor, id: unknown): SubnetpoolRow | undefined {
  if (typeof id !== "string") return undefined;
  const pool = slot.value.subnetpools.get(id);
  if (pool === undefined || !(controls(actor, pool) || pool.shared)) throw notFound("SubnetPool", id);
  return pool;
}

/** The prefix that is asked for, or the next free one of the pool. @throws Refusal 400, 500 */
function choosePrefix(
  neutron: Neutron,
  fields: NewFields<SubnetAttributes>,
  subnetpool: SubnetpoolRow | undefined,
): Prefix {
  const prefix = parsePrefix(fields.cidr);
  if (prefix !== undefined) return prefix;
  if (subnetpool === undefined) throw badRequest("subnets", "a subnetpool must be specified in the absence of a cidr.");
  return allocatePrefix(neutron, subnetpool, fields.prefixlen ?? subnetpool.defaultPrefixlen);
}

/** Checks that an IPv4 subnet has no IPv6 modes. @throws Refusal 400 */
function checkModes(fields: NewFields<SubnetAttributes>): void {
  for (const name of ["ipv6_ra_mode", "ipv6_address_mode"] as const)
    if (fields.ip_version === 4 && fields[name] !== undefined && fields[name] !== null)
      throw badInput(`${name} is not valid when ip_version is 4`);
}

function create(neutron: Neutron, actor: Actor, projectId: string, fields: NewFields<SubnetAttributes>): SubnetRow {
  const network = requireNetwork(neutron, actor, fields.network_id);
  const subnetpool = findSubnetpool(neutron, actor, fields.subnetpool_id);
  const prefix = choosePrefix(neutron, fields, subnetpool);
  const enableDhcp = fields.enable_dhcp ?? true;
  checkPrefix(prefix, fields.ip_version, enableDhcp);
  checkModes(fields);
  checkServiceTypes(fields.service_types ?? []);
  const gatewayIp = fields.gateway_ip === undefined ? defaultGateway(prefix) : fields.gateway_ip;
  if (fields.allocation_pools !== undefined) {
    checkPools(prefix, fields.allocation_pools);
    checkGateway(gatewayIp, fields.allocation_pools);
  }
  checkOverlap(neutron, network, prefix);
  const row: SubnetRow = {
    ...newRow(neutron, projectId, 0, fields.description),
    networkId: network.id,
    name: fields.name ?? "",
    version: prefix.version,
    cidr: prefix.text,
    subnetpoolId: subnetpool?.id ?? null,
    gatewayIp,
    enableDhcp,
    dnsNameservers: fields.dns_nameservers ?? [],
    hostRoutes: fields.host_routes ?? [],
    serviceTypes: fields.service_types ?? [],
    raMode: fields.ipv6_ra_mode ?? null,
    addressMode: fields.ipv6_address_mode ?? null,
    pools: fields.allocation_pools ?? defaultPools(prefix, gatewayIp),
    lowestFree: 0,
  };
  neutron.slot.value.subnets.set(row.id, row);
  network.subnets.push(row.id);
  touch(neutron, network);
  addToCount(neutron, projectId, "subnet", 1);
  neutron.cloud.kernel.record("neutron", "subnet.create", row.id, { network: network.id, cidr: row.cidr });
  return row;
}

function update(neutron: Neutron, row: SubnetRow, fields: Fields<SubnetAttributes>): void {
  const { allocation_pools: pools, gateway_ip: gateway = row.gatewayIp } = fields;
  const prefix = parsePrefix(row.cidr);
  if (pools !== undefined && prefix !== undefined) checkPools(prefix, pools);
  if (fields.gateway_ip !== undefined || pools !== undefined) checkGateway(gateway, pools ?? row.pools);
  row.gatewayIp = gateway;
  if (pools !== undefined) Object.assign(row, { pools, lowestFree: 0 });
  row.name = fields.name ?? row.name;
  row.description = fields.description ?? row.description;
  row.enableDhcp = fields.enable_dhcp ?? row.enableDhcp;
  row.dnsNameservers = fields.dns_nameservers ?? row.dnsNameservers;
  row.hostRoutes = fields.host_routes ?? row.hostRoutes;
  row.serviceTypes = fields.service_types ?? row.serviceTypes;
  touchNetwork(neutron, row);
}

function touchNetwork(neutron: Neutron, { networkId }: SubnetRow): void {
  const network = neutron.slot.value.networks.get(networkId);
  if (network !== undefined) touch(neutron, network);
}

/** Deletes the DHCP ports, which go with the subnet. @throws Refusal 409 when others have addresses in it */
function remove(neutron: Neutron, row: SubnetRow): void {
  const ports = [...neutron.slot.value.ports.values()].filter(({ fixedIps }) =>
    fixedIps.some(({ subnetId }) => subnetId === row.id),
  );
  if (ports.some(({ deviceOwner }) => deviceOwner !== "network:dhcp"))
    throw conflict(
      "SubnetInUse",
      `Unable to complete operation on subnet ${row.id}: One or more ports have an IP allocation from this subnet.`,
    );
  for (const port of ports) deletePort(neutron, port);
  deleteSubnet(neutron, row);
  touchNetwork(neutron, row);
}

/** `/v2.0/subnets` */
export const SUBNETS: Resource<SubnetRow, SubnetAttributes> = {
  name: "subnet",
  collection: "subnets",
  path: "subnets",
  exception: "Subnet",
  quota: "subnet",
  clients: ["openstack"],
  isCore: true,
  isBulk: true,
  attributes: ATTRIBUTES,
  rows: ({ slot }, { query }) => {
    const network = slot.value.networks.get(query.get("network_id") ?? "");
    return network === undefined
      ? slot.value.subnets.values()
      : network.subnets.flatMap((id) => slot.value.subnets.get(id) ?? []);
  },
  find: ({ slot }, id) => slot.value.subnets.get(id),
  canSee: canSeeSubnet,
  view,
  create,
  update: (neutron, _actor, row, fields) => update(neutron, row, fields),
  remove: (neutron, _actor, row) => remove(neutron, row),
};
