import { empty, json } from "../../kernel/index.ts";
import type { Actor } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import type { Context, OpenStackRoute } from "../common/service.ts";
import {
  checkQuota,
  countOf,
  dated,
  type Fields,
  flag,
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
import { networkOf, subnetOf } from "./networks.ts";
import { makePort, releasePort } from "./port-rows.ts";
import type { NetworkRow, PortRow, RouterRow } from "./state.ts";

const INTERFACE = "network:router_interface";

/** @throws Refusal 404 */
function routerOf(neutron: Neutron, actor: Actor, id: string): RouterRow {
  const router = neutron.slot.value.routers.get(id);
  if (router === undefined || !(actor.isAdmin || router.projectId === actor.projectId)) throw notFound("Router", id);
  return router;
}

export const interfacesOf = (neutron: Neutron, routerId: string): readonly PortRow[] =>
  (neutron.slot.value.portsByDevice.get(routerId) ?? [])
    .flatMap((id) => neutron.slot.value.ports.get(id) ?? [])
    .filter(({ deviceOwner }) => deviceOwner === INTERFACE);

const routerView = (row: RouterRow, actor: Actor): Fields => ({
  id: row.id,
  name: row.name,
  ...owned(row.projectId),
  admin_state_up: row.adminStateUp,
  status: "ACTIVE",
  external_gateway_info:
    row.gatewayNetworkId === null
      ? null
      : { network_id: row.gatewayNetworkId, external_fixed_ips: [], enable_snat: true },
  description: "",
  availability_zones: [],
  availability_zone_hints: [],
  routes: [],
  flavor_id: null,
  tags: [],
  ...dated(row),
  ...(actor.isAdmin && { distributed: false, ha: false }),
});

function gatewayOf(neutron: Neutron, actor: Actor, fields: Fields, current: string | null): string | null {
  if (fields.external_gateway_info === undefined) return current;
  const info = fields.external_gateway_info as { network_id?: string } | null;
  if (info === null || info.network_id === undefined) return null;
  const network = networkOf(neutron, actor, info.network_id);
  if (!network.external)
    throw new Refusal(400, "BadRequest", `Bad router request: Network ${network.id} is not an external network.`);
  return network.id;
}

function createRouter(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const fields = resource(context, "router");
  const projectId = ownerOf(context.actor, fields);
  const { routers } = neutron.slot.value;
  checkQuota(neutron, projectId, "router", () => countOf(routers.values(), projectId));
  const row: RouterRow = {
    id: neutron.cloud.uuid("neutron"),
    projectId,
    name: text(fields, "name", ""),
    adminStateUp: flag(fields, "admin_state_up", true),
    gatewayNetworkId: gatewayOf(neutron, context.actor, fields, null),
    ...fresh(neutron),
  };
  routers.set(row.id, row);
  neutron.cloud.kernel.record("neutron", "router.create", row.id, { project: projectId });
  return json(201, { router: routerView(row, context.actor) });
}

function interfaceBody(neutron: Neutron, context: Context): { router: RouterRow; subnetId: string } {
  const router = routerOf(neutron, context.actor, context.params.id ?? "");
  const body = JSON.parse(
    String(context.request.body === "" ? "{}" : Buffer.from(context.request.body as string).toString()),
  ) as Fields;
  if (typeof body.subnet_id !== "string")
    throw new Refusal(400, "BadRequest", "Bad router request: Either subnet_id or port_id must be specified.");
  return { router, subnetId: subnetOf(neutron, context.actor, body.subnet_id).id };
}

const interfaceView = (router: RouterRow, port: PortRow, networkId: string, subnetId: string): Fields => ({
  id: router.id,
  ...owned(router.projectId),
  port_id: port.id,
  network_id: networkId,
  subnet_id: subnetId,
  subnet_ids: [subnetId],
});

function addInterface(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const { router, subnetId } = interfaceBody(neutron, context);
  const subnet = subnetOf(neutron, context.actor, subnetId);
  if (interfacesOf(neutron, router.id).some(({ fixedIps }) => fixedIps.some((each) => each.subnetId === subnetId))) {
    throw new Refusal(400, "BadRequest", `Bad router request: Router already has a port on subnet ${subnetId}.`);
  }
  if (subnet.gatewayIp === null)
    throw new Refusal(400, "BadRequest", `Bad router request: Subnet for router interface must have a gateway IP.`);
  const network = neutron.slot.value.networks.get(subnet.networkId) as NetworkRow;
  const port = makePort(neutron, {
    network,
    projectId: router.projectId,
    name: "",
    fixedIps: [{ subnetId, ip: subnet.gatewayIp }],
    groups: [],
    deviceId: router.id,
    deviceOwner: INTERFACE,
    hostId: "ref",
    portSecurity: false,
  });
  return json(200, interfaceView(router, port, network.id, subnetId));
}

function removeInterface(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const { router, subnetId } = interfaceBody(neutron, context);
  const port = interfacesOf(neutron, router.id).find(({ fixedIps }) =>
    fixedIps.some((each) => each.subnetId === subnetId),
  );
  if (port === undefined)
    throw new Refusal(
      404,
      "RouterInterfaceNotFoundForSubnet",
      `Router ${router.id} has no interface on subnet ${subnetId}`,
    );
  releasePort(neutron, port);
  return json(200, interfaceView(router, port, port.networkId, subnetId));
}

export function routerRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  return [
    {
      method: "GET",
      path: "/v2.0/routers",
      handler: (context) => {
        const { actor } = context;
        const rows = [...neutron.slot.value.routers.values()].filter(
          ({ projectId }) => actor.isAdmin || projectId === actor.projectId,
        );
        return list(
          context,
          "routers",
          rows.map((row) => routerView(row, actor)),
        );
      },
    },
    { method: "POST", path: "/v2.0/routers", handler: (context) => createRouter(neutron, context) },
    {
      method: "GET",
      path: "/v2.0/routers/:id",
      handler: ({ actor, params }) =>
        json(200, { router: routerView(routerOf(neutron, actor, params.id ?? ""), actor) }),
    },
    {
      method: "PUT",
      path: "/v2.0/routers/:id",
      handler: (context) => {
        const fields = resource(context, "router");
        const row = routerOf(neutron, context.actor, context.params.id ?? "");
        row.name = text(fields, "name", row.name);
        row.adminStateUp = flag(fields, "admin_state_up", row.adminStateUp);
        row.gatewayNetworkId = gatewayOf(neutron, context.actor, fields, row.gatewayNetworkId);
        touch(neutron, row);
        return json(200, { router: routerView(row, context.actor) });
      },
    },
    {
      method: "DELETE",
      path: "/v2.0/routers/:id",
      handler: ({ actor, params }) => {
        const row = routerOf(neutron, actor, params.id ?? "");
        const ports = interfacesOf(neutron, row.id);
        if (ports.length > 0)
          throw new Refusal(
            409,
            "RouterInUse",
            `Router ${row.id} has ports still attached: ${ports.map(({ id }) => id).join(", ")}`,
          );
        neutron.slot.value.routers.delete(row.id);
        neutron.cloud.kernel.record("neutron", "router.delete", row.id);
        return empty(204);
      },
    },
    {
      method: "PUT",
      path: "/v2.0/routers/:id/add_router_interface",
      handler: (context) => addInterface(neutron, context),
    },
    {
      method: "PUT",
      path: "/v2.0/routers/:id/remove_router_interface",
      handler: (context) => removeInterface(neutron, context),
    },
  ];
}
