import type { Actor } from "../../cloud.ts";
import { checkRoutes, clearGateway, type GatewayInfo, interfacesOf, setGateway } from "../behaviour/routers.ts";
import { str } from "../../python/index.ts";
import { addToCount } from "../state/quotas.ts";
import { checkZones } from "../state/zones.ts";
import type { RouterRow } from "../state/rows.ts";
import { type Neutron, newRow, touch } from "../state/state.ts";
import { type Fields, type NewFields, withStandard } from "../wire/attributes.ts";
import { boolean, isFalsy, orNull, text, uuid, zoneHints } from "../wire/converters.ts";
import { fixedIps, knownKeys, routes } from "../wire/structures.ts";
import { badRequest, conflict, internalError, notFound } from "../wire/errors.ts";
import { forAdmins, forEverybody } from "../wire/policies.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";
import type { Resource } from "./resource.ts";

/** An empty object means the same as null: no gateway. */
const gatewayInfo = (value: unknown): GatewayInfo | null => {
  if (isFalsy(value)) return null;
  const fields = knownKeys(value, ["network_id"], ["enable_snat", "external_fixed_ips", "qos_policy_id"]);
  const { network_id: networkId, enable_snat: snat, external_fixed_ips: ips } = fields;
  return {
    ...fields,
    network_id: orNull(uuid)(networkId),
    ...(snat !== undefined && { enable_snat: boolean(snat) }),
    ...(ips !== undefined && { external_fixed_ips: fixedIps(ips ?? []) }),
  };
};

/** The service looks up whatever is given. @throws Refusal 404, 500 */
const flavorId = (value: unknown): string => {
  const isList = Array.isArray(value) && value.every((each) => typeof each !== "object" || each === null);
  if (typeof value === "object" && value !== null && !isList) throw internalError();
  return str(value);
};

const ATTRIBUTES = withStandard({
  name: { convert: text },
  admin_state_up: { convert: boolean, filter: boolean },
  status: { post: false, put: false },
  external_gateway_info: {
    convert: gatewayInfo,
    policy: {
      create: "everybody",
      default: null,
      parts: { network_id: "everybody", enable_snat: "admin", external_fixed_ips: "admin" },
    },
  },
  routes: { post: false, convert: routes },
  distributed: { convert: orNull(boolean), policy: forAdmins },
  ha: { convert: orNull(boolean), policy: forAdmins },
  availability_zone_hints: { put: false, convert: zoneHints },
  availability_zones: { post: false, put: false },
  flavor_id: { put: false, convert: flavorId, policy: forEverybody },
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
  availability_zones: neutron.cloud.profile === "agents" ? neutron.cloud.zones.slice(0, 1) : [],
  availability_zone_hints: row.zoneHints,
  routes: row.routes,
  flavor_id: null,
  tags: row.tags,
  ...revisionMembers(row),
  ...(actor.isAdmin && { distributed: row.distributed, ha: row.ha }),
});

/** A new gateway counts as changes of its port and of the port's address, besides that of the router. */
function touchForGateway(neutron: Neutron, row: RouterRow): void {
  touch(neutron, row);
  touch(neutron, row);
}

function create(neutron: Neutron, actor: Actor, projectId: string, fields: NewFields<RouterAttributes>): RouterRow {
  if (fields.flavor_id !== undefined) throw notFound("Flavor", fields.flavor_id);
  checkZones(neutron, fields.availability_zone_hints);
  const row: RouterRow = {
    ...newRow(neutron, projectId, 1, fields.description),
    name: fields.name ?? "",
    adminStateUp: fields.admin_state_up ?? true,
    distributed: fields.distributed === true,
    ha: fields.ha === true,
    zoneHints: fields.availability_zone_hints ?? [],
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

/** A router changes its kind only while it is down. @throws Refusal 400 */
function checkKindChange(row: RouterRow, fields: Fields<RouterAttributes>): void {
  if (!row.adminStateUp) return;
  const prior = "Please set router admin_state_up to False prior to upgrade.";
  if (fields.ha != null && fields.ha !== row.ha)
    throw badRequest("router", `Cannot change HA attribute of active routers. ${prior}`);
  if (fields.distributed != null && fields.distributed !== row.distributed)
    throw badRequest("router", `Cannot change the 'distributed' attribute of active routers. ${prior}`);
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
  checkKindChange(row, fields);
  row.distributed = fields.distributed ?? row.distributed;
  row.ha = fields.ha ?? row.ha;
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
