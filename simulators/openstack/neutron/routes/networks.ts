import type { Actor } from "../../cloud.ts";
import { addSegment, changeSegment, removeSegment, segmentsOf } from "../behaviour/segments.ts";
import { deleteIdleFloatingIps } from "../behaviour/floating-ips.ts";
import { deletePort } from "../behaviour/ports.ts";
import { deleteSubnet } from "../behaviour/subnets.ts";
import { checkUnshared, setExternal } from "../behaviour/network-sharing.ts";
import { canSeeNetwork } from "../state/access.ts";
import { addToCount } from "../state/quotas.ts";
import type { NetworkRow } from "../state/rows.ts";
import { isSharedWith, shareWithAll } from "../state/sharing.ts";
import { type Neutron, newRow } from "../state/state.ts";
import { type Fields, type NewFields, withStandard } from "../wire/attributes.ts";
import { boolean, integer, nonNegative, storable, text, zoneHints } from "../wire/converters.ts";
import { dnsDomain } from "../wire/dns-names.ts";
import { badInput, conflict } from "../wire/errors.ts";
import type { SegmentRow } from "../state/extension-rows.ts";
import { checkZones } from "../state/zones.ts";
import { forAdmins, trueForAdmins } from "../wire/policies.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";
import { askedSegments, networkType, physicalNetwork, providerSegment, segmentList } from "./network-segments.ts";
import type { Resource } from "./resource.ts";

/** The MTU of the hosts' network (`global_physnet_mtu`), and what each kind of tunnel over IPv4 takes of it. */
const HOST_MTU = 1500;
const OVERHEAD: Readonly<Record<string, number>> = { vxlan: 50, geneve: 50, gre: 42 };

/** What packets of a network may hold, bytes: what is asked for, or as much as its segments carry. @throws Refusal 400, 500 */
function mtuOf(asked: number, types: readonly string[]): number {
  const most = Math.min(HOST_MTU, ...types.map((type) => HOST_MTU - (OVERHEAD[type] ?? 0)));
  if (storable(asked) > most) throw badInput(`Requested MTU is too big, maximum is ${most}`);
  return asked === 0 ? most : asked;
}

const ATTRIBUTES = withStandard({
  name: { convert: text },
  admin_state_up: { convert: boolean, filter: boolean },
  status: { post: false, put: false },
  subnets: { post: false, put: false },
  shared: { convert: boolean, filter: boolean, policy: trueForAdmins },
  is_default: { convert: boolean, filter: boolean, policy: trueForAdmins },
  "router:external": { convert: boolean, filter: boolean, policy: trueForAdmins },
  segments: { policy: forAdmins, convert: segmentList },
  mtu: { convert: nonNegative, filter: integer, policy: { create: "everybody", default: 0 } },
  availability_zone_hints: { put: false, convert: zoneHints },
  availability_zones: { post: false, put: false },
  ipv4_address_scope: { post: false, put: false },
  ipv6_address_scope: { post: false, put: false },
  port_security_enabled: { convert: boolean, filter: boolean, policy: { create: "everybody", default: true } },
  l2_adjacency: { post: false, put: false },
  dns_domain: { convert: dnsDomain },
  "provider:network_type": { policy: forAdmins, convert: networkType },
  "provider:physical_network": { policy: forAdmins, convert: physicalNetwork },
  "provider:segmentation_id": { policy: forAdmins, convert: integer, filter: integer },
});
type NetworkAttributes = typeof ATTRIBUTES;

const segmentMembers = (row: SegmentRow | undefined): View => ({
  "provider:network_type": row?.networkType ?? null,
  "provider:physical_network": row?.physicalNetwork ?? null,
  "provider:segmentation_id": row?.segmentationId ?? null,
});

/** The segments of a network: three members, or a list of them if there are several segments. */
function carrierMembers(neutron: Neutron, row: NetworkRow): View {
  const segments = segmentsOf(neutron, row);
  return segments.length > 1 ? { segments: segments.map(segmentMembers) } : segmentMembers(segments[0]);
}

const view = (neutron: Neutron, actor: Actor, row: NetworkRow): View => ({
  id: row.id,
  name: row.name,
  ...projectMembers(row.projectId),
  admin_state_up: row.adminStateUp,
  mtu: row.mtu,
  status: "ACTIVE",
  subnets: row.subnets,
  shared: isSharedWith(neutron, row.id, actor.projectId),
  availability_zone_hints: row.zoneHints,
  availability_zones: [],
  ipv4_address_scope: null,
  ipv6_address_scope: null,
  "router:external": row.external,
  ...(row.external && { is_default: row.isDefault }),
  description: row.description,
  port_security_enabled: row.portSecurity,
  l2_adjacency: row.subnets.every((id) => (neutron.slot.value.subnets.get(id)?.segmentId ?? null) === null),
  dns_domain: row.dnsDomain,
  tags: row.tags,
  ...revisionMembers(row),
  ...(actor.isAdmin && carrierMembers(neutron, row)),
});

function create(neutron: Neutron, projectId: string, fields: NewFields<NetworkAttributes>): NetworkRow {
  const state = neutron.slot.value;
  checkZones(neutron, fields.availability_zone_hints);
  const asked = askedSegments(neutron, fields);
  const bytes = mtuOf(
    fields.mtu ?? 0,
    (asked ?? [{}]).map(({ type }) => type ?? "vxlan"),
  );
  const row: NetworkRow = {
    ...newRow(neutron, projectId, 1, fields.description),
    name: fields.name ?? "",
    adminStateUp: fields.admin_state_up ?? true,
    external: fields["router:external"] === true,
    isDefault: fields.is_default === true,
    portSecurity: fields.port_security_enabled ?? true,
    mtu: bytes,
    dnsDomain: fields.dns_domain ?? "",
    segments: [],
    zoneHints: fields.availability_zone_hints ?? [],
    subnets: [],
  };
  state.networks.set(row.id, row);
  if (row.external) shareWithAll(neutron, "network", row, true, "access_as_external");
  for (const segment of asked ?? [{}]) addSegment(neutron, row.id, segment);
  addToCount(neutron, projectId, "network", 1);
  neutron.cloud.kernel.record("neutron", "network.create", row.id, { project: projectId, name: row.name });
  return row;
}

function update(neutron: Neutron, row: NetworkRow, fields: Fields<NetworkAttributes>): void {
  const segment = providerSegment(fields);
  if (segment !== undefined) changeSegment(neutron, row, segment);
  if (fields.segments !== undefined) throw badInput("Plugin does not support updating provider attributes");
  const types = segmentsOf(neutron, row).map(({ networkType }) => networkType);
  const mtu = fields.mtu === undefined ? row.mtu : mtuOf(fields.mtu, types);
  row.name = fields.name ?? row.name;
  row.description = fields.description ?? row.description;
  row.adminStateUp = fields.admin_state_up ?? row.adminStateUp;
  if (fields.shared === false) checkUnshared(neutron, row);
  if (fields["router:external"] !== undefined) setExternal(neutron, row, fields["router:external"]);
  row.isDefault = fields.is_default ?? row.isDefault;
  row.portSecurity = fields.port_security_enabled ?? row.portSecurity;
  row.mtu = mtu;
  row.dnsDomain = fields.dns_domain ?? row.dnsDomain;
}

/** Deletes the ports that go with a network: those of DHCP and of idle floating IPs. @throws Refusal 409 if there are others */
function deletePorts(neutron: Neutron, row: NetworkRow): void {
  deleteIdleFloatingIps(neutron, row);
  const ports = [...neutron.slot.value.ports.values()].filter(({ networkId }) => networkId === row.id);
  const others = ports.filter(({ deviceOwner }) => deviceOwner !== "network:dhcp");
  if (others.length > 0) {
    const ids = others.map(({ id }) => id).join(",");
    const what = "There are one or more ports still in use on the network, id for these ports is";
    throw conflict("NetworkInUse", `Unable to complete operation on network ${row.id}. ${what}: ${ids}.`);
  }
  for (const port of ports) deletePort(neutron, port);
}

function remove(neutron: Neutron, row: NetworkRow): void {
  deletePorts(neutron, row);
  const state = neutron.slot.value;
  for (const subnet of row.subnets.flatMap((id) => state.subnets.get(id) ?? [])) deleteSubnet(neutron, subnet);
  for (const segment of segmentsOf(neutron, row)) removeSegment(neutron, segment);
  state.networks.delete(row.id);
  addToCount(neutron, row.projectId, "network", -1);
  neutron.cloud.kernel.record("neutron", "network.delete", row.id);
}

/** `/v2.0/networks` */
export const NETWORKS: Resource<NetworkRow, NetworkAttributes> = {
  name: "network",
  collection: "networks",
  path: "networks",
  exception: "Network",
  quota: "network",
  clients: ["bosh", "openstack"],
  isCore: true,
  isBulk: true,
  refusesUnknownMarker: true,
  attributes: ATTRIBUTES,
  adminMembers: ["provider:network_type", "provider:physical_network", "provider:segmentation_id"],
  rows: ({ slot }) => slot.value.networks.values(),
  find: ({ slot }, id) => slot.value.networks.get(id),
  sharedAs: "network",
  canSee: canSeeNetwork,
  view,
  createdView: (neutron, actor, row) => ({ ...view(neutron, actor, row), is_default: row.isDefault }),
  create: (neutron, _actor, projectId, fields) => create(neutron, projectId, fields),
  update: (neutron, _actor, row, fields) => update(neutron, row, fields),
  remove: (neutron, _actor, row) => remove(neutron, row),
};
