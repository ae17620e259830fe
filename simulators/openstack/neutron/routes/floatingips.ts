import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../common/refusal.ts";
import { forAdmins, ip, orNull, text, uuid } from "../wire/attributes.ts";
import { badRequest, conflict, dated, type Fields, fresh, type Neutron, owned } from "../wire/wire.ts";
import { dropFloatingIp, point } from "../behaviour/floating-ips.ts";
import { networkOf } from "./networks.ts";
import { makePort, releasePort } from "../behaviour/ports.ts";
import { portOf } from "./ports.ts";
import { count } from "./quotas.ts";
import { type Resource, withCommon } from "./resource.ts";
import { routerTo } from "./routers.ts";
import type { FloatingIpRow } from "../state/state.ts";

function detailsOf({ slot }: Neutron, row: FloatingIpRow): object | null {
  const port = row.portId === null ? undefined : slot.value.ports.get(row.portId);
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

const view = (neutron: Neutron, _actor: Actor, row: FloatingIpRow): Fields => ({
  id: row.id,
  ...owned(row.projectId),
  floating_ip_address: row.address,
  floating_network_id: row.networkId,
  router_id: row.routerId,
  port_id: row.portId,
  fixed_ip_address: row.fixedIp,
  // No agent ever wires it, as on the recorded cloud.
  status: "DOWN",
  description: row.description,
  port_details: detailsOf(neutron, row),
  dns_name: row.dnsName,
  dns_domain: row.dnsDomain,
  tags: row.tags,
  ...dated(row),
});

/** Points the floating address at a port, or at none. @throws Refusal 400, 404, 409 */
export function associate(
  neutron: Neutron,
  actor: Actor,
  row: FloatingIpRow,
  portId: string | null,
  fixedIp?: string | null,
): void {
  if (portId === null) point(neutron, row, { portId: null, fixedIp: null, routerId: null });
  else point(neutron, row, targetOf(neutron, actor, row, portId, fixedIp ?? undefined));
  neutron.cloud.kernel.record("neutron", "floatingip.associate", row.id, { address: row.address, port: row.portId });
}

function targetOf(
  neutron: Neutron,
  actor: Actor,
  row: FloatingIpRow,
  portId: string,
  fixedIp: string | undefined,
): { portId: string; fixedIp: string; routerId: string } {
  const port = portOf(neutron, actor, portId);
  const candidates = port.fixedIps.filter(({ ip: address }) => !address.includes(":"));
  const address = candidates.find((each) => fixedIp === undefined || each.ip === fixedIp);
  if (fixedIp !== undefined && address === undefined)
    throw badRequest("floatingip", `Port ${portId} does not have fixed ip ${fixedIp}.`);
  if (address === undefined)
    throw badRequest("floatingip", `Cannot add floating IP to port ${portId} that has no fixed IPv4 addresses.`);
  const { floatingByPort, floatingIps } = neutron.slot.value;
  const rivals = (floatingByPort.get(portId) ?? []).flatMap((id) => floatingIps.get(id) ?? []);
  if (rivals.some((other) => other !== row && other.fixedIp === address.ip))
    throw conflict(
      "FloatingIPPortAlreadyAssociated",
      `Cannot associate floating IP ${row.address} (${row.id}) with port ${portId} using fixed IP ${address.ip}, as that fixed IP already has a floating IP on external network ${row.networkId}.`,
    );
  const router = routerTo(neutron, row.networkId, address.subnetId);
  if (router === undefined)
    throw new Refusal(
      404,
      "ExternalGatewayForFloatingIPNotFound",
      `External network ${row.networkId} is not reachable from subnet ${address.subnetId}.  Therefore, cannot associate Port ${portId} with a Floating IP.`,
    );
  return { portId, fixedIp: address.ip, routerId: router.id };
}

function create(neutron: Neutron, actor: Actor, projectId: string, fields: Fields): FloatingIpRow {
  const network = networkOf(neutron, actor, String(fields.floating_network_id));
  if (!network.external) throw badRequest("floatingip", `Network ${network.id} is not a valid external network.`);
  const wanted = fields.floating_ip_address as string | undefined;
  const base = fresh(neutron, projectId, fields.description, 0);
  const own = makePort(neutron, {
    network,
    projectId: "",
    name: "",
    fixedIps: wanted === undefined ? undefined : [{ ip: wanted }],
    groups: [],
    deviceId: base.id,
    deviceOwner: "network:floatingip",
    hostId: "",
    portSecurity: false,
  });
  const row: FloatingIpRow = {
    ...base,
    networkId: network.id,
    address: own.fixedIps[0]?.ip ?? "",
    ownPortId: own.id,
    portId: null,
    fixedIp: null,
    routerId: null,
    dnsName: (fields.dns_name as string | undefined) ?? "",
    dnsDomain: (fields.dns_domain as string | undefined) ?? "",
  };
  try {
    if (typeof fields.port_id === "string")
      associate(neutron, actor, row, fields.port_id, fields.fixed_ip_address as string | undefined);
  } catch (error) {
    releasePort(neutron, own);
    throw error;
  }
  neutron.slot.value.floatingIps.set(row.id, row);
  count(neutron, projectId, "floatingip", 1);
  neutron.cloud.kernel.record("neutron", "floatingip.create", row.id, { project: projectId, address: row.address });
  return row;
}

export const FLOATING_IPS: Resource<FloatingIpRow> = {
  name: "floatingip",
  collection: "floatingips",
  path: "floatingips",
  kind: "FloatingIP",
  quota: "floatingip",
  clients: ["bosh", "openstack"],
  isCore: false,
  isBulk: false,
  attributes: withCommon({
    floating_network_id: { isRequired: true, put: false, convert: uuid },
    floating_ip_address: { put: false, convert: orNull(ip), policy: forAdmins },
    subnet_id: { put: false },
    router_id: { post: false, put: false },
    port_id: { convert: orNull(uuid) },
    fixed_ip_address: { convert: orNull(ip) },
    status: { post: false, put: false },
    dns_name: { convert: text() },
    dns_domain: { convert: text() },
    port_details: { post: false, put: false },
    qos_policy_id: {},
  }),
  rows: ({ slot }) => slot.value.floatingIps.values(),
  find: ({ slot }, id) => slot.value.floatingIps.get(id),
  view,
  create,
  update: (neutron, actor, row, fields) => {
    if (fields.fixed_ip_address != null && fields.port_id === undefined && row.portId === null)
      throw badRequest("floatingip", "fixed_ip_address cannot be specified without a port_id.");
    if (fields.port_id !== undefined || fields.fixed_ip_address !== undefined)
      associate(
        neutron,
        actor,
        row,
        fields.port_id === undefined ? row.portId : (fields.port_id as string | null),
        fields.fixed_ip_address as string | null | undefined,
      );
    // A change that names no port lets go of it only where the body is otherwise silent about it.
    row.description = (fields.description as string | undefined) ?? row.description;
  },
  remove: (neutron, _actor, row) => dropFloatingIp(neutron, row),
};
