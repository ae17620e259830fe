import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { type Actor, controls } from "../../cloud.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { checkQuota } from "../state/quotas.ts";
import type { RbacPolicyRow } from "../state/rows.ts";
import { addPolicy, policiesOf, removePolicy, type SharedAction, type SharedName } from "../state/sharing.ts";
import { type Neutron, touch } from "../state/state.ts";
import {
  type Attributes,
  checkPolicy,
  itemOf,
  parseChanges,
  parseNewFields,
  projectOf,
  type ResourceSchema,
} from "../wire/attributes.ts";
import { text, uuid } from "../wire/converters.ts";
import { badInput, conflict, internalError, invalid, methodNotAllowed, notFound, notFoundAs } from "../wire/errors.ts";
import { listReply, selectFields } from "../wire/lists.ts";
import { forEverybody } from "../wire/policies.ts";
import { projectMembers, type View } from "../wire/views.ts";
import { checkUnused, inUse, objections } from "../behaviour/sharing-objections.ts";
import { TYPES } from "../behaviour/shared-types.ts";

/*
 * Sharing an object with one project, or with all.
 */

const isSharedName = (type: string): type is SharedName => Object.hasOwn(TYPES, type);

const objectType = (value: unknown): SharedName => {
  if (typeof value !== "string") throw internalError();
  const type = value.trim().toLowerCase();
  if (!isSharedName(type)) throw badInput(`'${value}' is not a valid RBAC object type`);
  return type;
};

/** neutron, `extensions/rbac.py`. */
const ATTRIBUTES = {
  id: { post: false, put: false },
  object_type: { put: false, convert: objectType, policy: { create: "everybody", default: null } },
  object_id: { isRequired: true, put: false, convert: uuid, policy: forEverybody },
  target_tenant: { isRequired: true, convert: text, policy: { create: "target" } },
  project_id: { put: false },
  tenant_id: { put: false },
  action: { isRequired: true, put: false, convert: text, policy: forEverybody },
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

const NOT_OWN = (what: string): string =>
  `Invalid input for operation: Only admins can manipulate policies on ${what} they do not own.`;

/** How objects of a type are shared. @throws Refusal 400 */
function actionFor(type: SharedName, action: string): SharedAction {
  const known = TYPES[type];
  const found = known.actions.find((each) => each === action);
  if (found === undefined) {
    const valid = `(${known.actions.map((each) => `'${each}'`).join(", ")}${known.actions.length === 1 ? "," : ""})`;
    throw invalid(
      "InvalidActionForType",
      `Invalid action '${action}' for object type '${type}'. Valid actions: ${valid}`,
    );
  }
  return found;
}

/** @throws Refusal 400, 409 */
function checkNew(neutron: Neutron, actor: Actor, policy: Omit<RbacPolicyRow, "id" | "projectId">): void {
  const { objectType: type, objectId: id, action, target } = policy;
  const known = TYPES[type];
  const object = known.find(neutron.slot.value, id);
  if (object === undefined)
    throw badInput(objections(type, "'NoneType' object is not subscriptable", `Network ${id} could not be found.`));
  if (!controls(actor, object)) throw badInput(objections(type, NOT_OWN("objects"), NOT_OWN("networks")));
  const isKnown = policiesOf(neutron, id).some((row) => row.action === action && row.target === target);
  if (isKnown) throw conflict("DuplicateRbacPolicy", "An RBAC policy already exists with those values.");
}

/** Counts a revision of the shared object, whose projects have changed. */
function touchObject(neutron: Neutron, { objectType: type, objectId }: RbacPolicyRow): void {
  const object = TYPES[type].find(neutron.slot.value, objectId);
  if (object !== undefined && type === "network") touch(neutron, object);
}

function create(neutron: Neutron, context: RequestContext): HttpReply {
  const { actor } = context;
  const fields = parseNewFields(actor, SCHEMA, itemOf(context, SCHEMA));
  if (fields.object_type === undefined) throw internalError();
  checkPolicy(actor, SCHEMA, fields, "create");
  const asked = {
    objectType: fields.object_type,
    objectId: fields.object_id,
    action: actionFor(fields.object_type, fields.action),
    target: fields.target_tenant,
  };
  checkNew(neutron, actor, asked);
  const projectId = projectOf(actor, fields);
  checkQuota(neutron, projectId, "rbac_policy");
  const row: RbacPolicyRow = { id: neutron.cloud.uuid("neutron"), projectId, ...asked };
  addPolicy(neutron, row);
  openOutside(neutron, row);
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
  if (fields.target_tenant !== row.target) checkUnused(neutron, row, fields.target_tenant);
  row.target = fields.target_tenant;
  return json(200, { rbac_policy: view(row) });
}

/** A network is external while any policy says so. */
function openOutside(neutron: Neutron, { objectType: type, objectId, action }: RbacPolicyRow): void {
  const network = neutron.slot.value.networks.get(objectId);
  if (type === "network" && action === "access_as_external" && network !== undefined)
    network.external = policiesOf(neutron, objectId).some((policy) => policy.action === action);
}

function remove(neutron: Neutron, context: RequestContext): HttpReply {
  const row = requirePolicy(neutron, context);
  checkUnused(neutron, row);
  removePolicy(neutron, row);
  openOutside(neutron, row);
  touchObject(neutron, row);
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
