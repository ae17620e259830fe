import { bodyJson, json } from "../../../kernel/index.ts";
import type { Actor } from "../../cloud.ts";
import { repr } from "../../common/python.ts";
import { Refusal } from "../../common/refusal.ts";
import type { Context, OpenStackRoute } from "../../common/service.ts";
import { holds, overlap, type Prefix, prefixOf } from "../behaviour/ip.ts";
import { boolean, dictionary, fixedIps, forAdmins, keysOf, routes, text } from "../wire/attributes.ts";
import {
  badRequest,
  conflict,
  dated,
  type Fields,
  fresh,
  type Neutron,
  notFound,
  notSimulated,
  owned,
  owns,
  touch,
} from "../wire/wire.ts";
import { networkOf } from "./networks.ts";
import { makePort, releasePort, setDevice, type WantedIp } from "../behaviour/ports.ts";
import { portOf } from "./ports.ts";
import { count } from "./quotas.ts";
import { type Resource, rowOf, withCommon } from "./resource.ts";
import type { FixedIp, NetworkRow, PortRow, Route, RouterRow } from "../state/state.ts";
import { subnetOf } from "./subnets.ts";

const INTERFACE = "network:router_interface";
const GATEWAY = "network:router_gateway";

export const interfacesOf = (neutron: Neutron, routerId: string): readonly PortRow[] =>
  (neutron.slot.value.portsByDevice.get(routerId) ?? [])
    .flatMap((id) => neutron.slot.value.ports.get(id) ?? [])
    .filter(({ deviceOwner }) => deviceOwner === INTERFACE);

function gatewayView({ slot }: Neutron, row: RouterRow): object | null {
  if (row.gatewayNetworkId === null) return null;
  const port = slot.value.ports.get(row.gatewayPortId ?? "");
  return {
    network_id: row.gatewayNetworkId,
    external_fixed_ips: (port?.fixedIps ?? []).map(({ subnetId, ip }) => ({ subnet_id: subnetId, ip_address: ip })),
    enable_snat: row.enableSnat,
  };
}

const view = (neutron: Neutron, actor: Actor, row: RouterRow): Fields => ({
  id: row.id,
  name: row.name,
  ...owned(row.projectId),
  admin_state_up: row.adminStateUp,
  status: "ACTIVE",
  external_gateway_info: gatewayView(neutron, row),
  description: row.description,
  availability_zones: [],
  availability_zone_hints: [],
  routes: row.routes,
  flavor_id: null,
  tags: row.tags,
  ...dated(row),
  ...(actor.isAdmin && { distributed: row.distributed, ha: false }),
});

interface GatewayInfo {
  readonly network_id?: string;
  readonly enable_snat?: boolean;
  readonly external_fixed_ips?: readonly { readonly subnet_id?: string; readonly ip_address?: string }[];
}

/** Moves the router's gateway to another network, or away. @throws Refusal 400, 404, 409 */
function setGateway(neutron: Neutron, actor: Actor, row: RouterRow, info: GatewayInfo | null): void {
  const wanted = info?.network_id ?? null;
  if (wanted !== null) {
    // The service has counted the change by the time it finds no such network.
    if (!neutron.slot.value.networks.has(wanted)) touch(neutron, row);
    const network = networkOf(neutron, actor, wanted);
    if (!network.external) throw badRequest("router", `Network ${network.id} is not an external network.`);
  }
  if (wanted !== row.gatewayNetworkId) {
    clearGateway(neutron, row);
    if (wanted !== null) openGateway(neutron, row, wanted, info ?? {});
  }
  row.enableSnat = info?.enable_snat ?? true;
}

/** @throws Refusal 409 */
function clearGateway(neutron: Neutron, row: RouterRow): void {
  const { floatingIps, ports } = neutron.slot.value;
  if ([...floatingIps.values()].some(({ routerId }) => routerId === row.id))
    throw conflict(
      "RouterExternalGatewayInUseByFloatingIp",
      `Gateway cannot be updated for router ${row.id}, since a gateway to external network ${row.gatewayNetworkId} is required by one or more floating IPs.`,
    );
  const port = ports.get(row.gatewayPortId ?? "");
  if (port !== undefined) releasePort(neutron, port);
  Object.assign(row, { gatewayNetworkId: null, gatewayPortId: null });
}

function openGateway(neutron: Neutron, row: RouterRow, networkId: string, info: GatewayInfo): void {
  const port = makePort(neutron, {
    network: neutron.slot.value.networks.get(networkId) as NetworkRow,
    // Nobody's, so that it counts against no quota.
    projectId: "",
    name: "",
    fixedIps: info.external_fixed_ips?.map(
      ({ subnet_id: subnetId, ip_address: ip }): WantedIp => ({
        ...(subnetId !== undefined && { subnetId }),
        ...(ip !== undefined && { ip }),
      }),
    ),
    groups: [],
    deviceId: row.id,
    deviceOwner: GATEWAY,
    hostId: "",
    portSecurity: false,
  });
  Object.assign(row, { gatewayNetworkId: networkId, gatewayPortId: port.id });
}

/** The subnets that a router is connected to. */
function connected(neutron: Neutron, row: RouterRow): readonly FixedIp[] {
  const gateway = neutron.slot.value.ports.get(row.gatewayPortId ?? "");
  return [...interfacesOf(neutron, row.id), ...(gateway === undefined ? [] : [gateway])].flatMap(
    ({ fixedIps }) => fixedIps,
  );
}

/** @throws Refusal 400 */
function checkRoutes(neutron: Neutron, row: RouterRow, wanted: readonly Route[]): void {
  const prefixes = connected(neutron, row).flatMap(
    ({ subnetId }) => prefixOf(neutron.slot.value.subnets.get(subnetId)?.cidr) ?? [],
  );
  for (const { nexthop } of wanted)
    if (!prefixes.some((prefix) => holds(prefix, nexthop)))
      throw new Refusal(
        400,
        "InvalidRoutes",
        `Invalid format for routes: ${repr(wanted)}, the nexthop is not connected with router`,
      );
}

const gatewayInfo = (value: unknown): unknown => {
  if (value === null || Object.keys(dictionary(value)).length === 0) return null;
  const fields = keysOf(value, ["network_id"], ["enable_snat", "external_fixed_ips", "qos_policy_id"]);
  const { enable_snat: snat, external_fixed_ips: ips } = fields;
  return {
    ...fields,
    ...(snat !== undefined && { enable_snat: boolean(snat) }),
    ...(ips !== undefined && { external_fixed_ips: fixedIps(ips ?? []) }),
  };
};

export const ROUTERS: Resource<RouterRow> = {
  name: "router",
  collection: "routers",
  path: "routers",
  kind: "Router",
  quota: "router",
  clients: ["openstack"],
  isCore: false,
  isBulk: false,
  isMarkerKnown: true,
  attributes: withCommon({
    name: { convert: text() },
    admin_state_up: { convert: boolean, isBoolean: true },
    status: { post: false, put: false },
    external_gateway_info: {
      convert: gatewayInfo,
      policy: (value) => {
        const { enable_snat, external_fixed_ips } = (value ?? {}) as GatewayInfo;
        return enable_snat !== undefined || external_fixed_ips !== undefined ? "admin" : "member";
      },
      policyParts: (value) => Object.keys((value as object | null) ?? {}),
    },
    routes: { convert: routes },
    distributed: { convert: boolean, policy: forAdmins, isBoolean: true },
    ha: { convert: boolean, policy: forAdmins, isBoolean: true },
    availability_zone_hints: { put: false },
    availability_zones: { post: false, put: false },
    flavor_id: { put: false },
    service_type_id: { put: false },
  }),
  rows: ({ slot }) => slot.value.routers.values(),
  find: ({ slot }, id) => slot.value.routers.get(id),
  view,
  create: (neutron, actor, projectId, fields) => {
    const row: RouterRow = {
      ...fresh(neutron, projectId, fields.description, 1),
      name: (fields.name as string | undefined) ?? "",
      adminStateUp: (fields.admin_state_up as boolean | undefined) ?? true,
      distributed: fields.distributed === true,
      gatewayNetworkId: null,
      gatewayPortId: null,
      enableSnat: true,
      routes: [],
    };
    setGateway(neutron, actor, row, (fields.external_gateway_info as GatewayInfo | null | undefined) ?? null);
    if (row.gatewayNetworkId !== null) for (let changes = 0; changes < 2; changes++) touch(neutron, row);
    neutron.slot.value.routers.set(row.id, row);
    count(neutron, projectId, "router", 1);
    neutron.cloud.kernel.record("neutron", "router.create", row.id, { project: projectId });
    return row;
  },
  update: (neutron, actor, row, fields) => {
    if (fields.external_gateway_info !== undefined) {
      const had = row.gatewayNetworkId;
      setGateway(neutron, actor, row, fields.external_gateway_info as GatewayInfo | null);
      // The change of the router, its port and the port's address each count.
      if (had !== row.gatewayNetworkId) for (let changes = 0; changes < 2; changes++) touch(neutron, row);
    }
    if (fields.routes !== undefined) {
      checkRoutes(neutron, row, fields.routes as readonly Route[]);
      row.routes = fields.routes as readonly Route[];
    }
    if (fields.distributed === true && !row.distributed && row.adminStateUp)
      throw badRequest(
        "router",
        "Cannot upgrade active router to distributed. Please set router admin_state_up to False prior to upgrade.",
      );
    row.distributed = (fields.distributed as boolean | undefined) ?? row.distributed;
    row.name = (fields.name as string | undefined) ?? row.name;
    row.description = (fields.description as string | undefined) ?? row.description;
    row.adminStateUp = (fields.admin_state_up as boolean | undefined) ?? row.adminStateUp;
  },
  remove: (neutron, _actor, row) => {
    const ports = interfacesOf(neutron, row.id);
    if (ports.length > 0)
      throw conflict(
        "RouterInUse",
        `Router ${row.id} has ports still attached: ${ports.map(({ id }) => id).join(", ")}`,
      );
    clearGateway(neutron, row);
    neutron.slot.value.routers.delete(row.id);
    count(neutron, row.projectId, "router", -1);
    neutron.cloud.kernel.record("neutron", "router.delete", row.id);
  },
};

interface InterfaceBody {
  readonly subnet_id?: string;
  readonly port_id?: string;
}

function interfaceBody(context: Context): InterfaceBody {
  const body = bodyJson(context.request);
  const { subnet_id, port_id } = (body.ok ? (body.value as InterfaceBody | null) : null) ?? {};
  if (subnet_id === undefined && port_id === undefined)
    throw badRequest("router", "Either subnet_id or port_id must be specified.");
  return { ...(subnet_id !== undefined && { subnet_id }), ...(port_id !== undefined && { port_id }) };
}

function interfaceView(router: RouterRow, port: PortRow): Fields {
  const subnets = port.fixedIps.map(({ subnetId }) => subnetId);
  return {
    id: router.id,
    tenant_id: router.projectId,
    port_id: port.id,
    network_id: port.networkId,
    subnet_id: subnets[0],
    subnet_ids: subnets,
  };
}

/** Two subnets of one router may not overlap, and none may be connected twice. @throws Refusal 400 */
function checkNeighbours(neutron: Neutron, router: RouterRow, subnetId: string): void {
  const { subnets } = neutron.slot.value;
  const cidr = subnets.get(subnetId)?.cidr;
  const own = prefixOf(cidr) as Prefix;
  for (const { subnetId: other } of connected(neutron, router)) {
    if (other === subnetId) throw badRequest("router", `Router already has a port on subnet ${subnetId}.`);
    const prefix = prefixOf(subnets.get(other)?.cidr);
    if (prefix !== undefined && overlap(own, prefix))
      throw badRequest(
        "router",
        `Cidr ${cidr} of subnet ${subnetId} overlaps with cidr ${prefix.text} of subnet ${other}.`,
      );
  }
}

function bySubnet(neutron: Neutron, actor: Actor, router: RouterRow, subnetId: string): PortRow {
  const subnet = subnetOf(neutron, actor, subnetId);
  checkNeighbours(neutron, router, subnet.id);
  if (subnet.gatewayIp === null) throw badRequest("router", "Subnet for router interface must have a gateway IP.");
  return makePort(neutron, {
    network: neutron.slot.value.networks.get(subnet.networkId) as NetworkRow,
    projectId: router.projectId,
    name: "",
    fixedIps: [{ subnetId: subnet.id, ip: subnet.gatewayIp }],
    groups: [],
    deviceId: router.id,
    deviceOwner: INTERFACE,
    hostId: "",
    portSecurity: false,
  });
}

function byPort(neutron: Neutron, actor: Actor, router: RouterRow, portId: string): PortRow {
  const port = portOf(neutron, actor, portId);
  if (port.deviceId !== "")
    throw conflict(
      "PortInUse",
      `Unable to complete operation on port ${port.id} for network ${port.networkId}. Port already has an attached device ${port.deviceId}.`,
    );
  if (port.fixedIps.length === 0) throw badRequest("router", "Router port must have at least one fixed IP.");
  for (const { subnetId } of port.fixedIps) checkNeighbours(neutron, router, subnetId);
  setDevice(neutron, port, router.id, INTERFACE, "");
  return port;
}

function addInterface(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const { actor } = context;
  const router = rowOf(neutron, ROUTERS, actor, context.params.id ?? "");
  const { subnet_id: subnetId, port_id: portId } = interfaceBody(context);
  if (subnetId !== undefined && portId !== undefined)
    throw badRequest("router", "Cannot specify both subnet-id and port-id.");
  const port =
    portId === undefined ? bySubnet(neutron, actor, router, subnetId ?? "") : byPort(neutron, actor, router, portId);
  touch(neutron, port);
  if (portId !== undefined) touch(neutron, port);
  touch(neutron, router);
  neutron.cloud.kernel.record("neutron", "router.interface", router.id, { port: port.id });
  return json(200, interfaceView(router, port));
}

/** @throws Refusal 400, 404 */
function interfaceOf(neutron: Neutron, router: RouterRow, { subnet_id, port_id }: InterfaceBody): PortRow {
  const ports = interfacesOf(neutron, router.id);
  if (port_id === undefined) {
    const port = ports.find(({ fixedIps }) => fixedIps.some(({ subnetId }) => subnetId === subnet_id));
    if (port !== undefined) return port;
    throw new Refusal(
      404,
      "RouterInterfaceNotFoundForSubnet",
      `Router ${router.id} has no interface on subnet ${subnet_id}`,
    );
  }
  const port = ports.find(({ id }) => id === port_id);
  if (port === undefined)
    throw new Refusal(
      404,
      "RouterInterfaceNotFound",
      `Router ${router.id} does not have an interface with id ${port_id}`,
    );
  if (subnet_id !== undefined && !port.fixedIps.some(({ subnetId }) => subnetId === subnet_id))
    throw new Refusal(
      400,
      "SubnetMismatchForPort",
      `Subnet on port ${port_id} does not match the requested subnet ${subnet_id}.`,
    );
  return port;
}

/** @throws Refusal 409 */
function checkFree(neutron: Neutron, router: RouterRow, port: PortRow): void {
  const { subnets, floatingIps, ports } = neutron.slot.value;
  for (const { subnetId } of port.fixedIps) {
    const prefix = prefixOf(subnets.get(subnetId)?.cidr);
    const needed = (by: string): Refusal =>
      conflict(
        `RouterInterfaceInUseBy${by === "routes" ? "Route" : "FloatingIP"}`,
        `Router interface for subnet ${subnetId} on router ${router.id} cannot be deleted, as it is required by one or more ${by}.`,
      );
    if (prefix !== undefined && router.routes.some(({ nexthop }) => holds(prefix, nexthop))) throw needed("routes");
    for (const { routerId, portId, fixedIp } of floatingIps.values()) {
      const target = ports.get(portId ?? "");
      if (routerId === router.id && target?.fixedIps.some((each) => each.ip === fixedIp && each.subnetId === subnetId))
        throw needed("floating IPs");
    }
  }
}

function removeInterface(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const router = rowOf(neutron, ROUTERS, context.actor, context.params.id ?? "");
  const port = interfaceOf(neutron, router, interfaceBody(context));
  checkFree(neutron, router, port);
  releasePort(neutron, port);
  touch(neutron, router);
  return json(200, interfaceView(router, port));
}

/** The router through which an external network reaches a subnet. */
export function routerTo({ slot }: Neutron, networkId: string, subnetId: string): RouterRow | undefined {
  const { subnets, portsByDevice, ports, routers } = slot.value;
  const subnet = subnets.get(subnetId);
  if (subnet === undefined) return undefined;
  for (const router of routers.values()) {
    if (router.gatewayNetworkId !== networkId) continue;
    const connects = (portsByDevice.get(router.id) ?? []).some((id) =>
      ports.get(id)?.fixedIps.some((each) => each.subnetId === subnetId),
    );
    if (connects) return router;
  }
  return undefined;
}

export const interfaceRoutes = (neutron: Neutron): readonly OpenStackRoute[] => [
  {
    method: "PUT",
    path: "/v2.0/routers/:id/add_router_interface",
    clients: ["openstack"],
    handler: (context) => addInterface(neutron, context),
  },
  {
    method: "PUT",
    path: "/v2.0/routers/:id/remove_router_interface",
    clients: ["openstack"],
    handler: (context) => removeInterface(neutron, context),
  },
  ...["add_extraroutes", "remove_extraroutes"].map(
    (name): OpenStackRoute => ({
      method: "PUT",
      path: `/v2.0/routers/:id/${name}`,
      handler: ({ actor, params }) => {
        const row = neutron.slot.value.routers.get(params.id ?? "");
        if (row === undefined || !owns(actor, row)) throw notFound("Router", params.id ?? "");
        throw notSimulated(`${name}: set the router's routes as a whole`);
      },
    }),
  ),
];
