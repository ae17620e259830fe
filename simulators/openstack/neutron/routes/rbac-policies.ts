import { empty, type HttpReply, json, own } from "../../../kernel/index.ts";
import { type Actor, controls } from "../../cloud.ts";
import type { Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { addToCount, checkQuota } from "../state/quotas.ts";
import type { RbacPolicyRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import {
  type Attributes,
  checkPolicy,
  itemOf,
  type NewFields,
  parseChanges,
  parseNewFields,
  projectOf,
  type ResourceSchema,
  trueForAdmins,
} from "../wire/attributes.ts";
import { text, uuid } from "../wire/converters.ts";
import { badInput, conflict, internalError, invalid, methodNotAllowed, notFound, notFoundAs } from "../wire/errors.ts";
import { listReply, selectFields } from "../wire/lists.ts";
import { projectMembers, type View } from "../wire/views.ts";
import { TYPES } from "../behaviour/shared-types.ts";

/*
 * Sharing an object with one project, or with all.
 */

const byMembers = (): "member" => "member";

const objectType = (value: unknown): string => {
  if (typeof value !== "string") throw internalError();
  const type = value.trim().toLowerCase();
  if (own(TYPES, type) === undefined) throw badInput(`'${value}' is not a valid RBAC object type`);
  return type;
};

/** neutron, `extensions/rbac.py`. */
const ATTRIBUTES = {
  id: { post: false, put: false },
  object_type: { put: false, convert: objectType, policy: byMembers },
  object_id: { isRequired: true, put: false, convert: uuid, policy: byMembers },
  target_tenant: { isRequired: true, convert: text, policy: (value: unknown) => trueForAdmins(value === "*") },
  project_id: { put: false },
  tenant_id: { put: false },
  action: { isRequired: true, put: false, convert: text, policy: byMembers },
} as const satisfies Attributes;

const SCHEMA: ResourceSchema<typeof ATTRIBUTES> = {
  name: "rbac_policy",
  collection: "rbac_policies",
  isCore: false,
  isBulk: false,
  attributes: ATTRIBUTES,
};

const view = (row: RbacPolicyRow): View => ({
  id: row.id,
  ...projectMembers(row.projectId),
  action: row.action,
  object_id: row.objectId,
  target_tenant: row.target,
  object_type: row.objectType,
});

/** @throws Refusal 404 */
function requirePolicy({ slot }: Neutron, { actor, params }: RequestContext): RbacPolicyRow {
  const row = slot.value.rbac.get(params.id ?? "");
  if (row === undefined) throw notFound("RbacPolicy", params.id ?? "");
  if (controls(actor, row)) return row;
  throw notFoundAs("RbacPolicyNotFound", `RBAC policy of type ${row.objectType} with ID ${row.id} not found`);
}

/**
 * The watchers of changes to the sharing of an object, in the service's words. The numbers are those under which the recorded process had
 * registered them; every process has others.
 */
const OWN_WATCHERS: Readonly<Record<string, number>> = {
  address_scope: 8736821350500,
  network: 8736821394520,
  qos_policy: 8736821392226,
  security_group: 8736822074205,
};
const NETWORK_WATCHERS = [
  "neutron.plugins.ml2.plugin.NeutronDbPluginV2.validate_network_rbac_policy_change-146031",
  "neutron.services.network_ip_availability.plugin.NeutronDbPluginV2.validate_network_rbac_policy_change-1573187",
  "neutron.services.network_ip_availability.plugin.NeutronDbPluginV2.validate_network_rbac_policy_change-1726019",
];

/** The watchers' objections, each in its own words; `networkReason` is that of the plugins that watch networks. */
function objections(type: string, ownReason: string | undefined, networkReason: string): string {
  const own = `neutron.objects.${TYPES[type]?.module}.RbacNeutronDbObjectMixin.validate_rbac_policy_change-${OWN_WATCHERS[type] ?? 0}`;
  const all = [
    ...(ownReason === undefined ? [] : [[own, ownReason] as const]),
    ...(type === "network" ? NETWORK_WATCHERS.map((watcher) => [watcher, networkReason] as const) : []),
  ];
  return all.map(([watcher, reason]) => `Callback ${watcher} failed with "${reason}"`).join(",");
}

const NOT_OWN = (what: string): string =>
  `Invalid input for operation: Only admins can manipulate policies on ${what} they do not own.`;

/** @throws Refusal 400, 409 */
function checkNew(neutron: Neutron, actor: Actor, fields: NewFields<typeof ATTRIBUTES>): void {
  const { object_type: type, object_id: id, action, target_tenant: target } = fields;
  const known = type === undefined ? undefined : own(TYPES, type);
  if (type === undefined || known === undefined) throw internalError();
  if (!known.actions.includes(action)) {
    const valid = `(${known.actions.map((each) => `'${each}'`).join(", ")}${known.actions.length === 1 ? "," : ""})`;
    throw invalid(
      "InvalidActionForType",
      `Invalid action '${action}' for object type '${type}'. Valid actions: ${valid}`,
    );
  }
  const object = known.find(neutron.slot.value, id);
  if (object === undefined)
    throw badInput(objections(type, "'NoneType' object is not subscriptable", `Network ${id} could not be found.`));
  if (!controls(actor, object)) throw badInput(objections(type, NOT_OWN("objects"), NOT_OWN("networks")));
  const isKnown = neutron.slot.value.rbac
    .values()
    .some((row) => row.objectId === id && row.action === action && row.target === target);
  if (isKnown) throw conflict("DuplicateRbacPolicy", "An RBAC policy already exists with those values.");
}

/** Counts a revision of the shared object, whose projects have changed. */
function touchObject(neutron: Neutron, { objectType: type, objectId }: RbacPolicyRow): void {
  const object = TYPES[type]?.find(neutron.slot.value, objectId);
  if (object !== undefined && type === "network") touch(neutron, object);
}

function create(neutron: Neutron, context: RequestContext): HttpReply {
  const { actor } = context;
  const fields = parseNewFields(actor, SCHEMA, itemOf(context, SCHEMA));
  if (fields.object_type === undefined) throw internalError();
  checkPolicy(actor, SCHEMA, fields, "create");
  checkNew(neutron, actor, fields);
  const projectId = projectOf(actor, fields);
  checkQuota(neutron, projectId, "rbac_policy");
  const row: RbacPolicyRow = {
    id: neutron.cloud.uuid("neutron"),
    projectId,
    objectType: fields.object_type,
    objectId: fields.object_id,
    action: fields.action,
    target: fields.target_tenant,
  };
  neutron.slot.value.rbac.set(row.id, row);
  addToCount(neutron, projectId, "rbac_policy", 1);
  touchObject(neutron, row);
  neutron.cloud.kernel.record("neutron", "rbac.create", row.id, { object: row.objectId, target: row.target });
  return json(201, { rbac_policy: view(row) });
}

function update(neutron: Neutron, context: RequestContext): HttpReply {
  const fields = parseChanges(context.actor, SCHEMA, itemOf(context, SCHEMA));
  const row = requirePolicy(neutron, context);
  checkPolicy(context.actor, SCHEMA, fields, "update");
  if (fields.target_tenant === undefined)
    throw inUse(row, objections(row.objectType, "'target_project'", "'target_project'"));
  if (fields.target_tenant !== row.target) checkUnused(neutron, row);
  row.target = fields.target_tenant;
  return json(200, { rbac_policy: view(row) });
}

const inUse = (row: RbacPolicyRow, details: string): Refusal =>
  conflict(
    "RbacPolicyInUse",
    `RBAC policy on object ${row.objectId} cannot be removed because other objects depend on it.\nDetails: ${details}`,
  );

/** Refuses while a project uses the network only through this policy. @throws Refusal 409 */
function checkUnused({ slot }: Neutron, row: RbacPolicyRow): void {
  const isUsed = slot.value.ports
    .values()
    .some(
      ({ networkId, projectId }) =>
        networkId === row.objectId && (row.target === "*" || row.target === projectId) && projectId !== row.projectId,
    );
  if (!isUsed) return;
  const reason = `Unable to reconfigure sharing settings for network ${row.objectId}. Multiple tenants are using it.`;
  throw inUse(row, objections(row.objectType, undefined, reason));
}

function remove(neutron: Neutron, context: RequestContext): HttpReply {
  const row = requirePolicy(neutron, context);
  checkUnused(neutron, row);
  neutron.slot.value.rbac.delete(row.id);
  touchObject(neutron, row);
  addToCount(neutron, row.projectId, "rbac_policy", -1);
  return empty(204);
}

function list(neutron: Neutron, context: RequestContext): HttpReply {
  const rows = [...neutron.slot.value.rbac.values()].filter((row) => controls(context.actor, row));
  const schema = {
    collection: "rbac_policies",
    path: "rbac-policies",
    attributes: ATTRIBUTES,
    isPaged: false,
  } as const;
  return listReply(context, schema, rows.map(view));
}

const refuseCollection = (): never => {
  throw notFound("RbacPolicy", "None");
};

/** `/v2.0/rbac-policies` */
export function rbacPolicyRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const path = "/v2.0/rbac-policies";
  const clients = ["openstack"];
  return [
    { method: "GET", path, clients, handler: (context) => list(neutron, context) },
    { method: "POST", path, clients, handler: (context) => create(neutron, context) },
    { method: "PUT", path, handler: refuseCollection },
    { method: "DELETE", path, handler: refuseCollection },
    {
      method: "GET",
      path: `${path}/:id`,
      clients,
      handler: (context) =>
        json(200, { rbac_policy: selectFields(context.query, view(requirePolicy(neutron, context))) }),
    },
    { method: "PUT", path: `${path}/:id`, handler: (context) => update(neutron, context) },
    {
      method: "POST",
      path: `${path}/:id`,
      handler: (context) => {
        parseNewFields(context.actor, SCHEMA, itemOf(context, SCHEMA));
        throw methodNotAllowed();
      },
    },
    { method: "DELETE", path: `${path}/:id`, clients, handler: (context) => remove(neutron, context) },
  ];
}
