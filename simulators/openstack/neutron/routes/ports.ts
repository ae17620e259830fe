import { type Actor, controls } from "../../cloud.ts";
import { type FixedIpRequest, toRequests } from "../behaviour/allocation.ts";
import { changeAddresses, createPort, deletePort, setDevice } from "../behaviour/ports.ts";
import { ensureDefaultGroup } from "../behaviour/security-groups.ts";
import { controlsPort } from "../state/access.ts";
import { requireGroup, requireNetwork } from "../state/lookup.ts";
import type { AddressPair, NetworkRow, PortRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import type { Fields, NewFields } from "../wire/attributes.ts";
import type { FixedIpFields } from "../wire/converters.ts";
import { badRequest, conflict, forbidden, invalid } from "../wire/errors.ts";
import { PORT_ATTRIBUTES, type PortAttributes, portView } from "../wire/port.ts";
import type { Resource } from "./resource.ts";

/** @throws Refusal 400, 404 */
function groupsIn(
  neutron: Neutron,
  actor: Actor,
  ids: readonly string[] | undefined,
  isSecured: boolean,
): readonly string[] | undefined {
  if (ids === undefined) return undefined;
  if (ids.length > 0 && !isSecured)
    throw invalid(
      "PortSecurityAndIPRequiredForSecurityGroups",
      "Port security must be enabled and port must have an IP address in order to use security groups.",
    );
  return ids.map((id) => requireGroup(neutron, actor, id).id);
}

const pairsIn = ({ allowed_address_pairs: pairs = [] }: Fields<PortAttributes>, ownMac: string): AddressPair[] =>
  pairs.map((pair) => ({ mac_address: pair.mac_address ?? ownMac, ip_address: pair.ip_address }));

/** Checks that only the owner of a network chooses addresses on it. @throws Refusal 403 */
function checkMayChoose(actor: Actor, network: NetworkRow, fixedIps: readonly FixedIpFields[]): void {
  if (controls(actor, network) || !fixedIps.some(({ ip_address }) => ip_address !== undefined)) return;
  const parts = ["ip_address", "subnet_id"].filter((part) => fixedIps.some((each) => Object.hasOwn(each, part)));
  const rules = parts.map((part) => `rule:create_port:fixed_ips:${part}`).join(" and ");
  throw forbidden(`(rule:create_port and (rule:create_port:fixed_ips and (${rules})))`);
}

function create(neutron: Neutron, actor: Actor, projectId: string, fields: NewFields<PortAttributes>): PortRow {
  const network = requireNetwork(neutron, actor, fields.network_id);
  checkMayChoose(actor, network, fields.fixed_ips ?? []);
  const portSecurity = fields.port_security_enabled ?? network.portSecurity;
  const hasAddress = (fields.fixed_ips ?? network.subnets).length > 0;
  const isSecured = portSecurity && hasAddress;
  const groups = groupsIn(neutron, actor, fields.security_groups, isSecured);
  const row = createPort(neutron, {
    network,
    projectId,
    name: fields.name ?? "",
    fixedIps: toRequests(fields.fixed_ips),
    groups: groups ?? (isSecured ? [ensureDefaultGroup(neutron, projectId).id] : []),
    deviceId: fields.device_id ?? "",
    deviceOwner: fields.device_owner ?? "",
    hostId: fields["binding:host_id"] ?? "",
    portSecurity,
    mac: fields.mac_address,
    adminStateUp: fields.admin_state_up ?? true,
    description: fields.description ?? "",
    vnicType: fields["binding:vnic_type"] ?? "normal",
    dhcpOptions: fields.extra_dhcp_opts ?? [],
  });
  row.addressPairs = pairsIn(fields, row.mac);
  return row;
}

/** Whether the port has exactly the requested addresses. */
const hasAddresses = ({ fixedIps }: PortRow, requests: readonly FixedIpRequest[]): boolean =>
  requests.length === fixedIps.length &&
  requests.every(({ subnetId, ip }) =>
    fixedIps.some((each) => (subnetId ?? each.subnetId) === each.subnetId && (ip ?? each.ip) === each.ip),
  );

/** The addresses that a change asks for; `undefined` when the port already has them. @throws Refusal 400 */
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
  const groups = groupsIn(neutron, actor, fields.security_groups, portSecurity && row.fixedIps.length > 0);
  if (!portSecurity && (groups ?? row.groups).length > 0)
    throw conflict(
      "PortSecurityPortHasSecurityGroup",
      "Port has security group associated. Cannot disable port security or IP address until security group is removed.",
    );
  if (addresses !== undefined) changeAddresses(neutron, row, addresses);
  row.portSecurity = portSecurity;
  if (groups !== undefined) {
    row.groups = groups;
    neutron.cloud.kernel.record("neutron", "port.groups", row.id, { groups });
  }
  updatePlain(row, fields);
  updateDevice(neutron, row, fields);
}

function updatePlain(row: PortRow, fields: Fields<PortAttributes>): void {
  row.name = fields.name ?? row.name;
  row.description = fields.description ?? row.description;
  row.adminStateUp = fields.admin_state_up ?? row.adminStateUp;
  row.mac = fields.mac_address ?? row.mac;
  row.vnicType = fields["binding:vnic_type"] ?? row.vnicType;
  row.dhcpOptions = fields.extra_dhcp_opts ?? row.dhcpOptions;
  if (fields.allowed_address_pairs !== undefined) row.addressPairs = pairsIn(fields, row.mac);
}

function updateDevice(neutron: Neutron, row: PortRow, fields: Fields<PortAttributes>): void {
  const { device_id: deviceId, device_owner: owner, "binding:host_id": hostId } = fields;
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
  if (SERVICE_OWNERS.includes(row.deviceOwner))
    throw conflict(
      "ServicePortInUse",
      `Port ${row.id} cannot be deleted directly via the port API: has device owner ${row.deviceOwner}.`,
    );
  deletePort(neutron, row);
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
  view: portView,
  create,
  update,
  remove: (neutron, _actor, row) => remove(neutron, row),
};
