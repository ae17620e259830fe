import { str } from "../../python/index.ts";
import type { Actor } from "../../cloud.ts";
import { type FixedIpRequest, toRequests } from "../behaviour/allocation.ts";
import { setDevice } from "../behaviour/devices.ts";
import { changeAddresses, createPort, deletePort, newMac } from "../behaviour/ports.ts";
import { ensureDefaultGroup } from "../behaviour/security-groups.ts";
import { checkNetworkOwner, controlsPort } from "../state/access.ts";
import { requireGroup, requireNetwork } from "../state/lookup.ts";
import type { AddressPair, PortRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import type { Fields, NewFields } from "../wire/attributes.ts";
import type { AddressPairFields } from "../wire/structures.ts";
import { badInput, badRequest, conflict, internalError, invalid } from "../wire/errors.ts";
import { createdPortView, PORT_ATTRIBUTES, type PortAttributes, portView } from "../wire/port.ts";
import type { View } from "../wire/views.ts";
import type { Resource } from "./resource.ts";

/** @throws Refusal 404 */
const groupsIn = (neutron: Neutron, actor: Actor, ids: readonly string[] | undefined): readonly string[] | undefined =>
  ids?.map((id) => requireGroup(neutron, actor, id).id);

/** The service has already counted the change when it finds no such group. @throws Refusal 404 */
function groupsOfChange(
  neutron: Neutron,
  actor: Actor,
  row: PortRow,
  ids: readonly string[] | undefined,
): readonly string[] | undefined {
  if (ids?.some((id) => !neutron.slot.value.groups.has(id))) touch(neutron, row);
  return groupsIn(neutron, actor, ids);
}

/** Checks that whatever needs port security has it. @throws Refusal 400, 409 */
function checkSecurity(isSecured: boolean, groups: readonly string[], pairs: readonly unknown[]): void {
  if (isSecured) return;
  if (groups.length > 0)
    throw invalid(
      "PortSecurityAndIPRequiredForSecurityGroups",
      "Port security must be enabled and port must have an IP address in order to use security groups.",
    );
  if (pairs.length > 0)
    throw conflict(
      "AddressPairAndPortSecurityRequired",
      "Port Security must be enabled in order to have allowed address pairs on a port.",
    );
}

/** Groups that keep track of connections and groups that don't are not put on one port. @throws Refusal 409 */
function checkGroupsMix({ slot }: Neutron, ids: readonly string[]): void {
  if (new Set(ids.flatMap((id) => slot.value.groups.get(id)?.stateful ?? [])).size > 1)
    throw conflict(
      "SecurityGroupConflict",
      "Error Cannot apply both stateful and stateless security groups on the same port at the same time while attempting the operation.",
    );
}

/** `binding_profile_max_size`: characters of the profile as JSON. */
const PROFILE_CHARS_MAX = 4095;
const HOST_CHARS_MAX = 255;

/** The host to which a port should be bound; '' for none. @throws Refusal 500 because the database refuses anything but a name */
function hostIn({ "binding:host_id": host }: Fields<PortAttributes>): string | undefined {
  if (host === undefined) return undefined;
  const name = host === null ? "" : typeof host === "object" ? undefined : str(host);
  if (name === undefined || name.length > HOST_CHARS_MAX) throw internalError();
  return name;
}

/** @throws Refusal 400 */
function profileIn({ "binding:profile": profile }: Fields<PortAttributes>): View | undefined {
  if (profile === undefined) return undefined;
  if (JSON.stringify(profile).length > PROFILE_CHARS_MAX) throw badInput("binding:profile value too large");
  return profile ?? {};
}

const pairsIn = (pairs: readonly AddressPairFields[] | undefined, ownMac: string): AddressPair[] =>
  (pairs ?? []).map((pair) => ({ mac_address: pair.mac_address ?? ownMac, ip_address: pair.ip_address }));

function create(neutron: Neutron, actor: Actor, projectId: string, fields: NewFields<PortAttributes>): PortRow {
  const network = requireNetwork(neutron, actor, fields.network_id);
  // The service trusts its own ports.
  const isTrusted = fields.device_owner?.startsWith("network:") ?? false;
  const portSecurity = fields.port_security_enabled ?? (!isTrusted && network.portSecurity);
  checkSecurity(portSecurity, fields.security_groups ?? [], fields.allowed_address_pairs ?? []);
  const groups = groupsIn(neutron, actor, fields.security_groups);
  checkGroupsMix(neutron, groups ?? []);
  const row = createPort(neutron, {
    network,
    projectId,
    name: fields.name ?? "",
    fixedIps: toRequests(fields.fixed_ips),
    groups: groups ?? (portSecurity ? [ensureDefaultGroup(neutron, projectId).id] : []),
    deviceId: fields.device_id ?? "",
    deviceOwner: fields.device_owner ?? "",
    hostId: hostIn(fields) ?? "",
    portSecurity,
    mac: fields.mac_address ?? undefined,
    adminStateUp: fields.admin_state_up ?? true,
    description: fields.description ?? "",
    vnicType: fields["binding:vnic_type"] ?? "normal",
    profile: profileIn(fields) ?? {},
    deviceProfile: fields.device_profile ?? null,
    numaPolicy: fields.numa_affinity_policy ?? null,
    tags: fields.tags ?? [],
    dhcpOptions: fields.extra_dhcp_opts ?? [],
  });
  row.addressPairs = pairsIn(fields.allowed_address_pairs, row.mac);
  return row;
}

/** Whether the port has exactly the requested addresses. */
const hasAddresses = ({ fixedIps }: PortRow, requests: readonly FixedIpRequest[]): boolean =>
  requests.length === fixedIps.length &&
  requests.every(({ subnetId, ip }) =>
    fixedIps.some((each) => (subnetId ?? each.subnetId) === each.subnetId && (ip ?? each.ip) === each.ip),
  );

/** The addresses that a change asks for; `undefined` if the port already has them. @throws Refusal 400 */
function newAddresses(row: PortRow, fields: Fields<PortAttributes>): readonly FixedIpRequest[] | undefined {
  const requests = toRequests(fields.fixed_ips);
  if (requests === undefined || hasAddresses(row, requests)) return undefined;
  if (row.deviceOwner.startsWith("network:router"))
    throw badRequest("ports", `IP updates for port ${row.id} are not allowed.`);
  return requests;
}

function update(neutron: Neutron, actor: Actor, row: PortRow, fields: Fields<PortAttributes>): void {
  const addresses = newAddresses(row, fields);
  const portSecurity = fields.port_security_enabled ?? row.portSecurity;
  checkSecurity(portSecurity, fields.security_groups ?? [], fields.allowed_address_pairs ?? []);
  const groups = groupsOfChange(neutron, actor, row, fields.security_groups);
  if (!portSecurity && (groups ?? row.groups).length > 0)
    throw conflict(
      "PortSecurityPortHasSecurityGroup",
      "Port has security group associated. Cannot disable port security or IP address until security group is removed.",
    );
  checkGroupsMix(neutron, groups ?? []);
  if (addresses !== undefined) changeAddresses(neutron, row, addresses);
  const hostId = hostIn(fields);
  row.profile = profileIn(fields) ?? row.profile;
  row.portSecurity = portSecurity;
  if (groups !== undefined) {
    row.groups = groups;
    neutron.cloud.kernel.record("neutron", "port.groups", row.id, { groups });
  }
  // Nothing asks for another one (`port-mac-address-regenerate`).
  if (fields.mac_address !== undefined) row.mac = fields.mac_address?.toLowerCase() ?? newMac(neutron);
  updatePlain(row, fields);
  updateDevice(neutron, row, fields, hostId);
}

function updatePlain(row: PortRow, fields: Fields<PortAttributes>): void {
  row.name = fields.name ?? row.name;
  row.description = fields.description ?? row.description;
  row.adminStateUp = fields.admin_state_up ?? row.adminStateUp;
  row.numaPolicy = fields.numa_affinity_policy ?? row.numaPolicy;
  row.vnicType = fields["binding:vnic_type"] ?? row.vnicType;
  row.dhcpOptions = fields.extra_dhcp_opts ?? row.dhcpOptions;
  if (fields.allowed_address_pairs !== undefined) row.addressPairs = pairsIn(fields.allowed_address_pairs, row.mac);
}

function updateDevice(
  neutron: Neutron,
  row: PortRow,
  fields: Fields<PortAttributes>,
  hostId: string | undefined,
): void {
  const { device_id: deviceId, device_owner: owner } = fields;
  if (deviceId === undefined && owner === undefined && hostId === undefined) return;
  setDevice(neutron, row, deviceId ?? row.deviceId, owner ?? row.deviceOwner, hostId ?? row.hostId);
}

/** Owners whose ports can only be deleted along with their device. */
const SERVICE_OWNERS = [
  "network:router_interface",
  "network:router_gateway",
  "network:floatingip",
  "network:ha_router_replicated_interface",
];

function remove(neutron: Neutron, row: PortRow): void {
  const { routers, floatingIps } = neutron.slot.value;
  if (SERVICE_OWNERS.includes(row.deviceOwner) && (routers.has(row.deviceId) || floatingIps.has(row.deviceId)))
    throw conflict(
      "ServicePortInUse",
      `Port ${row.id} cannot be deleted directly via the port API: has device owner ${row.deviceOwner}.`,
    );
  deletePort(neutron, row);
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Values that the database keeps in separate tables count only if they change; removing all addresses counts twice. */
function revisionsOf(fields: Fields<PortAttributes>, row: PortRow, before: PortRow): number {
  const { fixed_ips: _ips, security_groups: _groups, project_id: _project, tenant_id: _tenant, ...own } = fields;
  const isChanged =
    Object.keys(own).length > 0 || !isSame(row.fixedIps, before.fixedIps) || !isSame(row.groups, before.groups);
  const isStripped = before.fixedIps.length > 0 && row.fixedIps.length === 0;
  return (isChanged ? 1 : 0) + (isStripped ? 1 : 0);
}

/** `/v2.0/ports` */
export const PORTS: Resource<PortRow, PortAttributes> = {
  name: "port",
  collection: "ports",
  path: "ports",
  exception: "Port",
  quota: "port",
  clients: ["bosh", "openstack"],
  isCore: true,
  isBulk: true,
  refusesUnknownMarker: true,
  attributes: PORT_ATTRIBUTES,
  adminMembers: ["binding:host_id", "binding:profile", "binding:vif_type", "binding:vif_details"],
  rows: ({ slot }, { query }) => {
    const { ports, portsByDevice } = slot.value;
    const devices = query.getAll("device_id");
    const groups = query.getAll("security_groups");
    if (groups.length > 0) return [...ports.values()].filter((port) => groups.some((id) => port.groups.includes(id)));
    if (devices.length === 0 || devices.includes("")) return ports.values();
    return devices.flatMap((device) => portsByDevice.get(device) ?? []).flatMap((id) => ports.get(id) ?? []);
  },
  find: ({ slot }, id) => slot.value.ports.get(id),
  canSee: controlsPort,
  canChange: controlsPort,
  networkOf: { ofNew: ({ network_id }) => network_id, ofRow: ({ networkId }) => networkId },
  view: portView,
  createdView: createdPortView,
  checkParent: (neutron, actor, fields) => checkNetworkOwner(neutron, actor, fields.network_id, "port"),
  create,
  update,
  revisions: revisionsOf,
  bulkOnly: ["tags"],
  remove: (neutron, _actor, row) => remove(neutron, row),
};
