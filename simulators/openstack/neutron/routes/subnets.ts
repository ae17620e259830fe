import type { Actor } from "../../cloud.ts";
import { parsePrefix, type Prefix } from "../behaviour/ip.ts";
import { deletePort } from "../behaviour/ports.ts";
import { allocatePrefix } from "../behaviour/subnetpools.ts";
import {
  checkGateway,
  checkOverlap,
  checkPools,
  checkPrefix,
  checkWishes,
  defaultGateway,
  defaultPools,
  deleteSubnet,
} from "../behaviour/subnets.ts";
import { canSeeSubnet, checkNetworkOwner } from "../state/access.ts";
import { requireNetwork } from "../state/lookup.ts";
import { addToCount } from "../state/quotas.ts";
import type { NetworkRow, SubnetpoolRow, SubnetRow } from "../state/rows.ts";
import { mayUse } from "../state/sharing.ts";
import { type Neutron, newRow, touch } from "../state/state.ts";
import type { Fields, NewFields } from "../wire/attributes.ts";
import { badInput, badRequest, conflict, internalError, invalid, notFound } from "../wire/errors.ts";
import type { Resource } from "./resource.ts";
import { ATTRIBUTES, type SubnetAttributes, view } from "./subnet-attributes.ts";

/** The requested pool, or the cloud's default one. @throws Refusal 400, 404 */
function findSubnetpool(
  neutron: Neutron,
  actor: Actor,
  { subnetpool_id: id, use_default_subnetpool: isDefault, ip_version: version }: NewFields<SubnetAttributes>,
): SubnetpoolRow | undefined {
  const { subnetpools } = neutron.slot.value;
  if (isDefault === true) {
    if (id != null) throw badRequest("subnets", "subnetpool_id and use_default_subnetpool cannot both be specified.");
    const found = subnetpools.values().find((row) => row.isDefault && row.version === version);
    if (found === undefined) throw badRequest("subnets", `No default subnetpool found for IPv${version}.`);
    return found;
  }
  if (id == null) return undefined;
  const pool = subnetpools.get(id);
  if (pool === undefined || !mayUse(neutron, actor, pool)) throw notFound("SubnetPool", id);
  return pool;
}

/** The prefix that is asked for, or the next free one of the pool. @throws Refusal 400, 500 */
function choosePrefix(
  neutron: Neutron,
  projectId: string,
  fields: NewFields<SubnetAttributes>,
  subnetpool: SubnetpoolRow | undefined,
): Prefix {
  const prefix = parsePrefix(fields.cidr);
  if (subnetpool === undefined) {
    if (prefix === undefined) throw badRequest("subnets", "a subnetpool must be specified in the absence of a cidr.");
    return prefix;
  }
  if (subnetpool.version !== fields.ip_version)
    throw badRequest(
      "subnets",
      `Cannot allocate IPv${fields.ip_version} subnet from IPv${subnetpool.version} subnet pool.`,
    );
  return allocatePrefix(neutron, subnetpool, projectId, prefix ?? fields.prefixlen ?? subnetpool.defaultPrefixlen);
}

/** Checks that an IPv4 subnet has no IPv6 modes. @throws Refusal 400 */
function checkModes(fields: NewFields<SubnetAttributes>): void {
  for (const name of ["ipv6_ra_mode", "ipv6_address_mode"] as const)
    if (fields.ip_version === 4 && fields[name] !== undefined)
      throw badInput(`${name} is not valid when ip_version is 4`);
}

/** Checks the request before a prefix is chosen. @throws Refusal 400, 404 */
function checkNew(fields: NewFields<SubnetAttributes>, subnetpool: SubnetpoolRow | undefined): void {
  const given = parsePrefix(fields.cidr);
  if (given !== undefined && fields.prefixlen !== undefined)
    throw badRequest("subnets", "cidr and prefixlen must not be supplied together.");
  if (subnetpool !== undefined && given === undefined && fields.allocation_pools !== undefined)
    throw badRequest("subnets", "allocation_pools allowed only for specific subnet requests.");
  if (given !== undefined) checkPrefix(given, fields.ip_version, fields.enable_dhcp ?? true);
  // A gateway without a prefix is checked for its version only.
  const anywhere = parsePrefix(fields.ip_version === 4 ? "0.0.0.0/32" : "::/128");
  const prefix = given ?? anywhere;
  if (prefix !== undefined) checkWishes(prefix, fields.ip_version, fields, "new subnet");
  checkModes(fields);
}

/** Either all subnets of a network are on segments of it, or none is. @throws Refusal 400, 404 */
function checkSegmentOf({ slot }: Neutron, network: NetworkRow, segmentId: string | null): void {
  const { segments, subnets } = slot.value;
  const segment = segmentId === null ? undefined : segments.get(segmentId);
  if (segmentId !== null && segment === undefined) throw notFound("Segment", segmentId);
  if (network.subnets.some((id) => ((subnets.get(id)?.segmentId ?? null) === null) !== (segmentId === null)))
    throw invalid(
      "SubnetsNotAllAssociatedWithSegments",
      `All of the subnets on network '${network.id}' must either all be associated with segments or all not associated with any segment.`,
    );
  if (segment !== undefined && segment.networkId !== network.id)
    throw invalid(
      "NetworkIdsDontMatch",
      `The subnet's network id, '${network.id}', doesn't match the network_id of segment '${segmentId}'`,
    );
}

/** Only the one subnet of a network with one segment goes from none to one; back it goes never. @throws Refusal 400, 500 */
function moveToSegment({ slot }: Neutron, row: SubnetRow, segmentId: string | null): void {
  // The service looks for the segment's hosts, and fails.
  if (segmentId === null || !slot.value.segments.has(segmentId)) throw internalError();
  const network = slot.value.networks.get(row.networkId);
  if (row.segmentId !== null || network === undefined || network.subnets.length > 1 || network.segments.length > 1)
    throw invalid(
      "SubnetSegmentAssociationChangeNotAllowed",
      "A subnet that is already associated with a segment cannot have its segment association changed.",
    );
  row.segmentId = segmentId;
}

function create(neutron: Neutron, actor: Actor, projectId: string, fields: NewFields<SubnetAttributes>): SubnetRow {
  const network = requireNetwork(neutron, actor, fields.network_id);
  if (parsePrefix(fields.cidr) !== undefined && fields.prefixlen !== undefined) checkNew(fields, undefined);
  const subnetpool = findSubnetpool(neutron, actor, fields);
  checkNew(fields, subnetpool);
  const segmentId = fields.segment_id ?? null;
  checkSegmentOf(neutron, network, segmentId);
  const prefix = choosePrefix(neutron, projectId, fields, subnetpool);
  const enableDhcp = fields.enable_dhcp ?? true;
  const gatewayIp = fields.gateway_ip === undefined ? defaultGateway(prefix) : fields.gateway_ip;
  const pools = fields.allocation_pools?.length === 0 ? undefined : fields.allocation_pools;
  if (pools !== undefined) {
    checkPools(prefix, pools);
    checkGateway(gatewayIp, pools);
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
    segmentId,
    raMode: fields.ipv6_ra_mode ?? null,
    addressMode: fields.ipv6_address_mode ?? null,
    pools: pools ?? defaultPools(prefix, gatewayIp),
    lowestFree: 0,
  };
  neutron.slot.value.subnets.set(row.id, row);
  network.subnets.push(row.id);
  touch(neutron, network);
  addToCount(neutron, projectId, "subnet", 1);
  neutron.cloud.kernel.record("neutron", "subnet.create", row.id, { network: network.id, cidr: row.cidr });
  return row;
}

/** A router's interface holds the gateway's address. @throws Refusal 409 */
function checkGatewayUnused({ slot }: Neutron, row: SubnetRow): void {
  const { portByAddress, ports } = slot.value;
  const port = ports.get(portByAddress.get(`${row.networkId}/${row.gatewayIp}`) ?? "");
  if (port?.deviceOwner.startsWith("network:router_interface"))
    throw conflict(
      "GatewayIpInUse",
      `Current gateway ip ${row.gatewayIp} already in use by port ${port.id}. Unable to update.`,
    );
}

function update(neutron: Neutron, row: SubnetRow, fields: Fields<SubnetAttributes>): void {
  const { allocation_pools: pools, gateway_ip: gateway = row.gatewayIp } = fields;
  const prefix = parsePrefix(row.cidr);
  if (prefix !== undefined) {
    if (fields.enable_dhcp === true && !row.enableDhcp) checkPrefix(prefix, row.version, true);
    checkWishes(prefix, row.version, { gateway_ip: fields.gateway_ip }, row.id);
    if (gateway !== null && gateway !== row.gatewayIp) checkGatewayUnused(neutron, row);
    checkWishes(prefix, row.version, { ...fields, gateway_ip: undefined }, row.id);
  }
  if (pools !== undefined && prefix !== undefined) checkPools(prefix, pools);
  if (gateway !== row.gatewayIp || pools !== undefined) checkGateway(gateway, pools ?? row.pools);
  if (fields.segment_id !== undefined && fields.segment_id !== row.segmentId)
    moveToSegment(neutron, row, fields.segment_id);
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

/** Deletes the DHCP ports, which go with the subnet. @throws Refusal 409 if others have addresses in it */
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
  checkParent: (neutron, actor, fields) => checkNetworkOwner(neutron, actor, fields.network_id, "subnet"),
  create,
  update: (neutron, _actor, row, fields) => update(neutron, row, fields),
  remove: (neutron, _actor, row) => remove(neutron, row),
};
