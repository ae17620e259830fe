import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../common/refusal.ts";
import {
  addressPairs,
  boolean,
  dhcpOptions,
  fixedIps,
  forAdmins,
  mac,
  orNull,
  text,
  uuid,
  uuids,
} from "../wire/attributes.ts";
import {
  badRequest,
  conflict,
  dated,
  denied,
  type Fields,
  type Neutron,
  notFound,
  owned,
  owns,
  sees,
} from "../wire/wire.ts";
import { defaultGroup, groupOf } from "./security-groups.ts";
import { makePort, readdress, releasePort, setDevice, type WantedIp } from "../behaviour/ports.ts";
import { type Resource, rowOf, withCommon } from "./resource.ts";
import type { AddressPair, NetworkRow, PortRow } from "../state/state.ts";

/** @throws Refusal 404 */
export const portOf = (neutron: Neutron, actor: Actor, id: string): PortRow => rowOf(neutron, PORTS, actor, id);

/** Names of ports need a DNS domain, which this cloud's network service has not: what a client gives is not kept. */
const hostnameOf = (address: string): string => `host-${address.replaceAll(/[.:]/g, "-")}`;

/** What creation and later readings share. */
const base = (row: PortRow): Fields => ({
  id: row.id,
  name: row.name,
  network_id: row.networkId,
  ...owned(row.projectId),
  mac_address: row.mac,
  admin_state_up: row.adminStateUp,
  status: row.status,
  device_id: row.deviceId,
  device_owner: row.deviceOwner,
  fixed_ips: row.fixedIps.map(({ subnetId, ip: address }) => ({ subnet_id: subnetId, ip_address: address })),
  allowed_address_pairs: row.addressPairs,
  extra_dhcp_opts: row.dhcpOptions,
  security_groups: row.groups,
  description: row.description,
  "binding:vnic_type": row.vnicType,
  port_security_enabled: row.portSecurity,
  dns_name: "",
  dns_assignment: row.fixedIps.map(({ ip: address }) => {
    const hostname = hostnameOf(address);
    return { ip_address: address, hostname, fqdn: `${hostname}.openstacklocal.` };
  }),
  ip_allocation: row.fixedIps.length === 0 ? "none" : "immediate",
  tags: row.tags,
  ...dated(row),
});

const view = (_neutron: Neutron, actor: Actor, row: PortRow): Fields => ({
  ...base(row),
  ...(actor.isAdmin && {
    "binding:profile": {},
    "binding:host_id": row.hostId,
    "binding:vif_type": row.hostId === "" ? "unbound" : "ovs",
    "binding:vif_details": row.hostId === "" ? {} : { port_filter: true, bound_drivers: { 0: MECHANISM } },
  }),
});

/** The mechanism driver of the cloud, as the recorded one names its own. */
const MECHANISM = "refmech";

interface WireFixedIp {
  readonly subnet_id?: string;
  readonly ip_address?: string;
}

const fixedIpsOf = (fields: Fields): readonly WantedIp[] | undefined =>
  (fields.fixed_ips as readonly WireFixedIp[] | undefined)?.map(({ subnet_id: subnetId, ip_address: address }) => ({
    ...(subnetId !== undefined && { subnetId }),
    ...(address !== undefined && { ip: address }),
  }));

const NEEDS_SECURITY = new Refusal(
  400,
  "PortSecurityAndIPRequiredForSecurityGroups",
  "Port security must be enabled and port must have an IP address in order to use security groups.",
);

/** @throws Refusal 400, 404 */
function groupsOf(neutron: Neutron, actor: Actor, fields: Fields, isSecured: boolean): readonly string[] | undefined {
  const ids = fields.security_groups as readonly string[] | undefined;
  if (ids === undefined) return undefined;
  if (ids.length > 0 && !isSecured) throw NEEDS_SECURITY;
  return ids.map((id) => groupOf(neutron, actor, id).id);
}

const pairsOf = (fields: Fields, own: string): readonly AddressPair[] =>
  ((fields.allowed_address_pairs as readonly Partial<AddressPair>[] | undefined) ?? []).map((pair) => ({
    mac_address: pair.mac_address ?? own,
    ip_address: pair.ip_address ?? "",
  }));

/** Who does not own the network may not choose addresses on it. @throws Refusal 403 */
function checkAddresses(actor: Actor, network: NetworkRow, fields: Fields): void {
  const wanted = (fields.fixed_ips as readonly WireFixedIp[] | undefined) ?? [];
  if (owns(actor, network) || !wanted.some(({ ip_address }) => ip_address !== undefined)) return;
  const parts = ["ip_address", "subnet_id"].filter((part) => wanted.some((each) => Object.hasOwn(each, part)));
  const rules = parts.map((part) => `rule:create_port:fixed_ips:${part}`).join(" and ");
  throw denied(`(rule:create_port and (rule:create_port:fixed_ips and (${rules})))`);
}

function create(neutron: Neutron, actor: Actor, projectId: string, fields: Fields): PortRow {
  const network = neutron.slot.value.networks.get(String(fields.network_id));
  if (network === undefined || !sees(neutron, actor, network)) throw notFound("Network", String(fields.network_id));
  checkAddresses(actor, network, fields);
  const portSecurity = (fields.port_security_enabled as boolean | undefined) ?? network.portSecurity;
  const wanted = fixedIpsOf(fields);
  const hasAddress = wanted === undefined ? network.subnets.length > 0 : wanted.length > 0;
  const isSecured = portSecurity && hasAddress;
  const groups = groupsOf(neutron, actor, fields, isSecured);
  const row = makePort(neutron, {
    network,
    projectId,
    name: (fields.name as string | undefined) ?? "",
    fixedIps: wanted,
    groups: groups ?? (isSecured ? [defaultGroup(neutron, projectId).id] : []),
    deviceId: (fields.device_id as string | undefined) ?? "",
    deviceOwner: (fields.device_owner as string | undefined) ?? "",
    hostId: (fields["binding:host_id"] as string | undefined) ?? "",
    portSecurity,
    mac: fields.mac_address as string | undefined,
    adminStateUp: (fields.admin_state_up as boolean | undefined) ?? true,
    description: (fields.description as string | undefined) ?? "",
    vnicType: (fields["binding:vnic_type"] as string | undefined) ?? "normal",
    dhcpOptions: (fields.extra_dhcp_opts as readonly object[] | undefined) ?? [],
  });
  row.addressPairs = pairsOf(fields, row.mac);
  return row;
}

/** Does the port have just what is wanted of it? */
const isAddressedSo = ({ fixedIps }: PortRow, wanted: NonNullable<ReturnType<typeof fixedIpsOf>>): boolean =>
  wanted.length === fixedIps.length &&
  wanted.every(({ subnetId, ip }) =>
    fixedIps.some((each) => (subnetId ?? each.subnetId) === each.subnetId && (ip ?? each.ip) === each.ip),
  );

function update(neutron: Neutron, actor: Actor, row: PortRow, fields: Fields): void {
  const isRouters = row.deviceOwner.startsWith("network:router");
  const wanted = fixedIpsOf(fields);
  const isReaddressed = wanted !== undefined && !isAddressedSo(row, wanted);
  if (isReaddressed && isRouters) throw badRequest("ports", `IP updates for port ${row.id} are not allowed.`);
  const portSecurity = (fields.port_security_enabled as boolean | undefined) ?? row.portSecurity;
  const groups = groupsOf(neutron, actor, fields, portSecurity && row.fixedIps.length > 0);
  if (!portSecurity && (groups ?? row.groups).length > 0)
    throw conflict(
      "PortSecurityPortHasSecurityGroup",
      "Port has security group associated. Cannot disable port security or IP address until security group is removed.",
    );
  if (isReaddressed) readdress(neutron, row, wanted);
  row.portSecurity = portSecurity;
  if (groups !== undefined) {
    row.groups = groups;
    neutron.cloud.kernel.record("neutron", "port.groups", row.id, { groups });
  }
  row.name = (fields.name as string | undefined) ?? row.name;
  row.description = (fields.description as string | undefined) ?? row.description;
  row.adminStateUp = (fields.admin_state_up as boolean | undefined) ?? row.adminStateUp;
  row.mac = (fields.mac_address as string | undefined) ?? row.mac;
  row.vnicType = (fields["binding:vnic_type"] as string | undefined) ?? row.vnicType;
  row.dhcpOptions = (fields.extra_dhcp_opts as readonly object[] | undefined) ?? row.dhcpOptions;
  if (fields.allowed_address_pairs !== undefined) row.addressPairs = pairsOf(fields, row.mac);
  if (["device_id", "device_owner", "binding:host_id"].some((name) => fields[name] !== undefined))
    setDevice(
      neutron,
      row,
      (fields.device_id as string | undefined) ?? row.deviceId,
      (fields.device_owner as string | undefined) ?? row.deviceOwner,
      (fields["binding:host_id"] as string | undefined) ?? row.hostId,
    );
}

const GUARDED = [
  "network:router_interface",
  "network:router_gateway",
  "network:floatingip",
  "network:ha_router_replicated_interface",
];

/** A port is its project's, and the network owner's too. */
function controls({ slot }: Neutron, actor: Actor, row: PortRow): boolean {
  const network = slot.value.networks.get(row.networkId);
  return owns(actor, row) || (network !== undefined && owns(actor, network) && row.projectId !== "");
}

export const PORTS: Resource<PortRow> = {
  name: "port",
  collection: "ports",
  path: "ports",
  kind: "Port",
  quota: "port",
  clients: ["bosh", "openstack"],
  isCore: true,
  isBulk: true,
  isMarkerKnown: true,
  attributes: withCommon({
    network_id: { isRequired: true, put: false, convert: uuid },
    name: { convert: text() },
    admin_state_up: { convert: boolean, isBoolean: true },
    mac_address: { convert: mac, policy: (_value, verb) => (verb === "update" ? "admin" : "member") },
    fixed_ips: { convert: fixedIps },
    device_id: { convert: (value) => (value === null ? "" : text()(value)) },
    device_owner: { convert: (value) => (value === null ? "" : text()(value)) },
    status: { post: false, put: false },
    security_groups: { convert: uuids },
    port_security_enabled: { convert: boolean, isBoolean: true },
    allowed_address_pairs: { convert: addressPairs },
    extra_dhcp_opts: { convert: dhcpOptions },
    dns_name: { convert: text() },
    dns_domain: { convert: text() },
    dns_assignment: { post: false, put: false },
    "binding:vnic_type": {},
    "binding:host_id": { policy: forAdmins, convert: (value) => value ?? "" },
    "binding:profile": { policy: forAdmins },
    "binding:vif_type": { post: false, put: false },
    "binding:vif_details": { post: false, put: false },
    ip_allocation: { post: false, put: false },
    resource_request: { post: false, put: false },
    qos_policy_id: { convert: orNull(uuid) },
    propagate_uplink_status: { convert: boolean },
    numa_affinity_policy: {},
    device_profile: { put: false },
  }),
  rows: ({ slot }, { query }) => {
    const { ports, portsByDevice } = slot.value;
    const devices = query.getAll("device_id");
    const groups = query.getAll("security_groups");
    if (groups.length > 0) return [...ports.values()].filter((port) => groups.some((id) => port.groups.includes(id)));
    if (devices.length === 0 || devices.includes("")) return ports.values();
    return devices.flatMap((device) => portsByDevice.get(device) ?? []).flatMap((id) => ports.get(id) ?? []);
  },
  find: ({ slot }, id) => slot.value.ports.get(id),
  sees: controls,
  controls,
  view,
  create,
  update,
  remove: (neutron, _actor, row) => {
    if (GUARDED.includes(row.deviceOwner))
      throw conflict(
        "ServicePortInUse",
        `Port ${row.id} cannot be deleted directly via the port API: has device owner ${row.deviceOwner}.`,
      );
    releasePort(neutron, row);
  },
};
