import type { Actor } from "../../cloud.ts";
import type { Refusal } from "../../refusal.ts";
import { associate, deleteFloatingIp } from "../behaviour/floating-ips.ts";
import { createPort, deletePort } from "../behaviour/ports.ts";
import { requireNetwork, requirePort } from "../state/lookup.ts";
import { addToCount } from "../state/quotas.ts";
import type { FloatingIpRow, NetworkRow, PortRow } from "../state/rows.ts";
import { type Neutron, newRow } from "../state/state.ts";
import { type Fields, type NewFields, withStandard } from "../wire/attributes.ts";
import { ip, orNull, uuid } from "../wire/converters.ts";
import { dnsDomain, relativeDnsName } from "../wire/dns-names.ts";
import { badRequest } from "../wire/errors.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";
import type { Resource } from "./resource.ts";

const ATTRIBUTES = withStandard({
  floating_network_id: { isRequired: true, put: false, convert: uuid },
  floating_ip_address: { put: false, convert: orNull(ip), policy: { create: "admin", default: null } },
  subnet_id: { put: false, convert: orNull(uuid) },
  router_id: { post: false, put: false },
  port_id: { convert: orNull(uuid) },
  fixed_ip_address: { convert: orNull(ip) },
  status: { post: false, put: false },
  dns_name: { put: false, convert: relativeDnsName },
  dns_domain: { put: false, convert: dnsDomain },
  port_details: { post: false, put: false },
});
type FloatingIpAttributes = typeof ATTRIBUTES;

function portDetails({ slot }: Neutron, row: FloatingIpRow): View | null {
  const port = slot.value.ports.get(row.portId ?? "");
  if (port === undefined) return null;
  return {
    name: port.name,
    network_id: port.networkId,
    mac_address: port.mac,
    admin_state_up: port.adminStateUp,
    status: port.status,
    device_id: port.deviceId,
    device_owner: port.deviceOwner,
  };
}

const view = (neutron: Neutron, _actor: Actor, row: FloatingIpRow): View => ({
  id: row.id,
  ...projectMembers(row.projectId),
  floating_ip_address: row.address,
  floating_network_id: row.networkId,
  router_id: row.routerId,
  port_id: row.portId,
  fixed_ip_address: row.fixedIp,
  // Without an agent it is never wired.
  status: row.portId !== null && neutron.cloud.profile === "agents" ? "ACTIVE" : "DOWN",
  description: row.description,
  port_details: portDetails(neutron, row),
  dns_name: row.dnsName,
  dns_domain: row.dnsDomain,
  tags: row.tags,
  ...revisionMembers(row),
});

/** The port on the external network that holds the address of a floating IP. */
function createOwnPort(
  neutron: Neutron,
  network: NetworkRow,
  id: string,
  { floating_ip_address: address, subnet_id: subnetId }: NewFields<FloatingIpAttributes>,
): PortRow {
  const wanted = { ...(address != null && { ip: address }), ...(subnetId != null && { subnetId }) };
  return createPort(neutron, {
    network,
    // It belongs to no project, so that it counts against no quota.
    projectId: "",
    name: "",
    fixedIps: Object.keys(wanted).length === 0 ? undefined : [wanted],
    groups: [],
    deviceId: id,
    deviceOwner: "network:floatingip",
    hostId: "",
    portSecurity: false,
  });
}

function create(
  neutron: Neutron,
  actor: Actor,
  projectId: string,
  fields: NewFields<FloatingIpAttributes>,
): FloatingIpRow {
  const network = requireNetwork(neutron, actor, fields.floating_network_id);
  if (!network.external) throw badRequest("floatingip", `Network ${network.id} is not a valid external network.`);
  if (fields.fixed_ip_address != null && fields.port_id == null) throw withoutPort();
  const base = newRow(neutron, projectId, 0, fields.description);
  const own = createOwnPort(neutron, network, base.id, fields);
  const row: FloatingIpRow = {
    ...base,
    networkId: network.id,
    address: own.fixedIps[0]?.ip ?? "",
    ownPortId: own.id,
    portId: null,
    fixedIp: null,
    routerId: null,
    dnsName: fields.dns_name ?? "",
    dnsDomain: fields.dns_domain ?? "",
  };
  try {
    if (fields.port_id != null)
      associate(neutron, actor, row, requirePort(neutron, actor, fields.port_id), fields.fixed_ip_address);
  } catch (error) {
    deletePort(neutron, own);
    throw error;
  }
  neutron.slot.value.floatingIps.set(row.id, row);
  addToCount(neutron, projectId, "floatingip", 1);
  neutron.cloud.kernel.record("neutron", "floatingip.create", row.id, { project: projectId, address: row.address });
  return row;
}

const withoutPort = (): Refusal => badRequest("floatingip", "fixed_ip_address cannot be specified without a port_id.");

/** A change of other attributes keeps the port; one of nothing takes it away, as older clients expect. */
function update(neutron: Neutron, actor: Actor, row: FloatingIpRow, fields: Fields<FloatingIpAttributes>): void {
  const { port_id: portId = row.portId, fixed_ip_address: fixedIp } = fields;
  if (Object.keys(fields).length === 0) return associate(neutron, actor, row, null);
  if (fixedIp != null && fields.port_id == null) throw withoutPort();
  if (fields.port_id !== undefined || fixedIp !== undefined)
    associate(neutron, actor, row, portId === null ? null : requirePort(neutron, actor, portId), fixedIp);
  row.description = fields.description ?? row.description;
}

/** `/v2.0/floatingips` */
export const FLOATING_IPS: Resource<FloatingIpRow, FloatingIpAttributes> = {
  name: "floatingip",
  collection: "floatingips",
  path: "floatingips",
  exception: "FloatingIP",
  quota: "floatingip",
  clients: ["bosh", "openstack"],
  isCore: false,
  isBulk: false,
  attributes: ATTRIBUTES,
  rows: ({ slot }) => slot.value.floatingIps.values(),
  find: ({ slot }, id) => slot.value.floatingIps.get(id),
  view,
  create,
  update,
  // The extension for DNS writes the row whatever a change names.
  revisions: () => 1,
  remove: (neutron, _actor, row) => deleteFloatingIp(neutron, row),
};
