import { empty, json } from "../../kernel/index.ts";
import type { Actor } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import type { Context, OpenStackRoute } from "../common/service.ts";
import {
  checkQuota,
  countOf,
  dated,
  type Fields,
  fresh,
  list,
  type Neutron,
  notFound,
  owned,
  ownerOf,
  resource,
  text,
  touch,
} from "./frame.ts";
import { networkOf } from "./networks.ts";
import { makePort, releasePort } from "./port-rows.ts";
import { portOf } from "./ports.ts";
import { interfacesOf } from "./routers.ts";
import type { FloatingIpRow } from "./state.ts";

/** @throws Refusal 404 */
function floatingOf(neutron: Neutron, actor: Actor, id: string): FloatingIpRow {
  const row = neutron.slot.value.floatingIps.get(id);
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId)) throw notFound("FloatingIP", id);
  return row;
}

function view(neutron: Neutron, row: FloatingIpRow): Fields {
  const port = row.portId === null ? undefined : neutron.slot.value.ports.get(row.portId);
  return {
    id: row.id,
    ...owned(row.projectId),
    floating_ip_address: row.address,
    floating_network_id: row.networkId,
    router_id: row.routerId,
    port_id: row.portId,
    fixed_ip_address: row.fixedIp,
    status: "DOWN",
    description: "",
    port_details:
      port === undefined
        ? null
        : {
            name: port.name,
            network_id: port.networkId,
            mac_address: port.mac,
            admin_state_up: port.adminStateUp,
            status: port.status,
            device_id: port.deviceId,
            device_owner: port.deviceOwner,
          },
    dns_name: "",
    dns_domain: "",
    tags: [],
    ...dated(row),
  };
}

/** The router through which the external network reaches the subnet. */
function pathTo(neutron: Neutron, networkId: string, subnetId: string): string | undefined {
  for (const router of neutron.slot.value.routers.values()) {
    if (router.gatewayNetworkId !== networkId) continue;
    if (interfacesOf(neutron, router.id).some(({ fixedIps }) => fixedIps.some((each) => each.subnetId === subnetId)))
      return router.id;
  }
  return undefined;
}

/** Points the floating address at a port, or at none. @throws Refusal 404, 409 */
export function associate(
  neutron: Neutron,
  actor: Actor,
  row: FloatingIpRow,
  portId: string | null,
  fixedIp?: string,
): void {
  if (portId === null) {
    Object.assign(row, { portId: null, fixedIp: null, routerId: null });
  } else {
    const port = portOf(neutron, actor, portId);
    const address = port.fixedIps.find(({ ip }) => fixedIp === undefined || ip === fixedIp);
    if (address === undefined)
      throw new Refusal(400, "BadRequest", `Bad floatingip request: Port ${portId} does not have fixed ip ${fixedIp}.`);
    const routerId = pathTo(neutron, row.networkId, address.subnetId);
    if (routerId === undefined) {
      throw new Refusal(
        404,
        "ExternalGatewayForFloatingIPNotFound",
        `External network ${row.networkId} is not reachable from subnet ${address.subnetId}.  Therefore, cannot associate Port ${portId} with a Floating IP.`,
      );
    }
    for (const other of neutron.slot.value.floatingIps.values()) {
      if (other !== row && other.portId === portId && other.fixedIp === address.ip) {
        throw new Refusal(
          409,
          "FloatingIPPortAlreadyAssociated",
          `Cannot associate floating IP ${row.address} (${row.id}) with port ${portId} using fixed IP ${address.ip}, as that fixed IP already has a floating IP on external network ${row.networkId}.`,
        );
      }
    }
    Object.assign(row, { portId, fixedIp: address.ip, routerId });
  }
  touch(neutron, row);
  neutron.cloud.kernel.record("neutron", "floatingip.associate", row.id, { address: row.address, port: row.portId });
}

function create(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const { actor } = context;
  const fields = resource(context, "floatingip");
  const network = networkOf(neutron, actor, text(fields, "floating_network_id", ""));
  if (!network.external)
    throw new Refusal(
      400,
      "BadRequest",
      `Bad floatingip request: Network ${network.id} is not a valid external network.`,
    );
  const projectId = ownerOf(actor, fields);
  const { floatingIps } = neutron.slot.value;
  checkQuota(neutron, projectId, "floatingip", () => countOf(floatingIps.values(), projectId));
  const id = neutron.cloud.uuid("neutron");
  const wanted = typeof fields.floating_ip_address === "string" ? [{ ip: fields.floating_ip_address }] : undefined;
  const own = makePort(neutron, {
    network,
    projectId: "",
    name: "",
    fixedIps: wanted,
    groups: [],
    deviceId: id,
    deviceOwner: "network:floatingip",
    hostId: "",
    portSecurity: false,
  });
  const row: FloatingIpRow = {
    id,
    projectId,
    networkId: network.id,
    address: own.fixedIps[0]?.ip ?? "",
    ownPortId: own.id,
    portId: null,
    fixedIp: null,
    routerId: null,
    ...fresh(neutron),
  };
  try {
    if (typeof fields.port_id === "string")
      associate(neutron, actor, row, fields.port_id, fields.fixed_ip_address as string | undefined);
  } catch (error) {
    releasePort(neutron, own);
    throw error;
  }
  floatingIps.set(id, row);
  neutron.cloud.kernel.record("neutron", "floatingip.create", id, { project: projectId, address: row.address });
  return json(201, { floatingip: view(neutron, row) });
}

export function floatingIpRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  return [
    {
      method: "GET",
      path: "/v2.0/floatingips",
      handler: (context) => {
        const { actor } = context;
        const rows = [...neutron.slot.value.floatingIps.values()].filter(
          ({ projectId }) => actor.isAdmin || projectId === actor.projectId,
        );
        return list(
          context,
          "floatingips",
          rows.map((row) => view(neutron, row)),
        );
      },
    },
    { method: "POST", path: "/v2.0/floatingips", handler: (context) => create(neutron, context) },
    {
      method: "GET",
      path: "/v2.0/floatingips/:id",
      handler: ({ actor, params }) =>
        json(200, { floatingip: view(neutron, floatingOf(neutron, actor, params.id ?? "")) }),
    },
    {
      method: "PUT",
      path: "/v2.0/floatingips/:id",
      handler: (context) => {
        const fields = resource(context, "floatingip");
        const row = floatingOf(neutron, context.actor, context.params.id ?? "");
        if (fields.port_id !== undefined)
          associate(
            neutron,
            context.actor,
            row,
            fields.port_id as string | null,
            fields.fixed_ip_address as string | undefined,
          );
        return json(200, { floatingip: view(neutron, row) });
      },
    },
    {
      method: "DELETE",
      path: "/v2.0/floatingips/:id",
      handler: ({ actor, params }) => {
        const row = floatingOf(neutron, actor, params.id ?? "");
        const own = neutron.slot.value.ports.get(row.ownPortId);
        if (own !== undefined) releasePort(neutron, own);
        neutron.slot.value.floatingIps.delete(row.id);
        neutron.cloud.kernel.record("neutron", "floatingip.delete", row.id);
        return empty(204);
      },
    },
  ];
}
