import type { Actor } from "../../cloud.ts";
import { checkRoutes, clearGateway, type GatewayInfo, interfacesOf, setGateway } from "../behaviour/routers.ts";
import { addToCount } from "../state/quotas.ts";
import type { RouterRow } from "../state/rows.ts";
import { type Neutron, newRow, touch } from "../state/state.ts";
import { type Fields, forAdmins, type NewFields, withStandard } from "../wire/attributes.ts";
import { boolean, dictionary, dictionaryOf, fixedIps, isDictionary, routes, text } from "../wire/converters.ts";
import { badRequest, conflict } from "../wire/errors.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";
import type { Resource } from "./resource.ts";

/** An empty object means the same as null: no gateway. */
const gatewayInfo = (value: unknown): GatewayInfo | null => {
  if (value === null || Object.keys(dictionary(value)).length === 0) return null;
  const fields = dictionaryOf(value, ["network_id"], ["enable_snat", "external_fixed_ips", "qos_policy_id"]);
  const { network_id: networkId, enable_snat: snat, external_fixed_ips: ips } = fields;
  return {
    ...fields,
    network_id: typeof networkId === "object" ? null : String(networkId),
    ...(snat !== undefined && { enable_snat: boolean(snat) }),
    ...(ips !== undefined && { external_fixed_ips: fixedIps(ips ?? []) }),
  };
};

/** Only administrators may say how a gateway translates addresses, and which addresses it has. */
const gatewayPolicy = (value: unknown): "member" | "admin" => {
  const { enable_snat, external_fixed_ips } = isDictionary(value) ? value : {};
  return enable_snat !== undefined || external_fixed_ips !== undefined ? "admin" : "member";
};

const ATTRIBUTES = withStandard({
  name: { convert: text },
  admin_state_up: { convert: boolean, isBoolean: true },
  status: { post: false, put: false },
  external_gateway_info: {
    convert: gatewayInfo,
    policy: gatewayPolicy,
    policyParts: (value: unknown) => Object.keys(value ?? {}),
  },
  routes: { convert: routes },
  distributed: { convert: boolean, policy: forAdmins, isBoolean: true },
  ha: { convert: boolean, policy: forAdmins, isBoolean: true },
  availability_zone_hints: { put: false },
  availability_zones: { post: false, put: false },
  flavor_id: { put: false },
  service_type_id: { put: false },
});
type RouterAttributes = typeof ATTRIBUTES;

function gatewayView({ slot }: Neutron, row: RouterRow): View | null {
  if (row.gatewayNetworkId === null) return null;
  const port = slot.value.ports.get(row.gatewayPortId ?? "");
  return {
    network_id: row.gatewayNetworkId,
    external_fixed_ips: (port?.fixedIps ?? []).map(({ subnetId, ip }) => ({ subnet_id: subnetId, ip_address: ip })),
    enable_snat: row.enableSnat,
  };
}

const view = (neutron: Neutron, actor: Actor, row: RouterRow): View => ({
  id: row.id,
  name: row.name,
  ...projectMembers(row.projectId),
  admin_state_up: row.adminStateUp,
  status: "ACTIVE",
  external_gateway_info: gatewayView(neutron, row),
  description: row.description,
  availability_zones: [],
  availability_zone_hints: [],
  routes: row.routes,
  flavor_id: null,
  tags: row.tags,
  ...revisionMembers(row),
  ...(actor.isAdmin && { distributed: row.distributed, ha: false }),
});

/** A new gateway counts as changes of its port and of the port's address, besides that of the router. */
function touchForGateway(neutron: Neutron, row: RouterRow): void {
  touch(neutron, row);
  touch(neutron, row);
}

function create(neutron: Neutron, actor: Actor, projectId: string, fields: NewFields<RouterAttributes>): RouterRow {
  const row: RouterRow = {
    ...newRow(neutron, projectId, 1, fields.description),
    name: fields.name ?? "",
    adminStateUp: fields.admin_state_up ?? true,
    distributed: fields.distributed === true,
    gatewayNetworkId: null,
    gatewayPortId: null,
    enableSnat: true,
    routes: [],
  };
  setGateway(neutron, actor, row, fields.external_gateway_info ?? null);
  if (row.gatewayNetworkId !== null) touchForGateway(neutron, row);
  neutron.slot.value.routers.set(row.id, row);
  addToCount(neutron, projectId, "router", 1);
  neutron.cloud.kernel.record("neutron", "router.create", row.id, { project: projectId });
  return row;
}

function update(neutron: Neutron, actor: Actor, row: RouterRow, fields: Fields<RouterAttributes>): void {
  if (fields.external_gateway_info !== undefined) {
    const before = row.gatewayNetworkId;
    setGateway(neutron, actor, row, fields.external_gateway_info);
    if (before !== row.gatewayNetworkId) touchForGateway(neutron, row);
  }
  if (fields.routes !== undefined) {
    checkRoutes(neutron, row, fields.routes);
    row.routes = fields.routes;
  }
  if (fields.distributed === true && !row.distributed && row.adminStateUp)
    throw badRequest(
      "router",
      "Cannot upgrade active router to distributed. Please set router admin_state_up to False prior to upgrade.",
    );
  row.distributed = fields.distributed ?? row.distributed;
  row.name = fields.name ?? row.name;
  row.description = fields.description ?? row.description;
  row.adminStateUp = fields.admin_state_up ?? row.adminStateUp;
}

/** @throws Refusal 409 while it is on a subnet, or floating IPs need it */
function remove(neutron: Neutron, row: RouterRow): void {
  const ports = interfacesOf(neutron, row.id);
  if (ports.length > 0)
    throw conflict("RouterInUse", `Router ${row.id} has ports still attached: ${ports.map(({ id }) => id).join(", ")}`);
  clearGateway(neutron, row);
  neutron.slot.value.routers.delete(row.id);
  addToCount(neutron, row.projectId, "router", -1);
  neutron.cloud.kernel.record("neutron", "router.delete", row.id);
}

/** `/v2.0/routers` */
export const ROUTERS: Resource<RouterRow, RouterAttributes> = {
  name: "router",
  collection: "routers",
  path: "routers",
  exception: "Router",
  quota: "router",
  clients: ["openstack"],
  isCore: false,
  isBulk: false,
  refusesUnknownMarker: true,
  attributes: ATTRIBUTES,
  rows: ({ slot }) => slot.value.routers.values(),
  find: ({ slot }, id) => slot.value.routers.get(id),
  view,
  create,
  update,
  remove: (neutron, _actor, row) => remove(neutron, row),
};
