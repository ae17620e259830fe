import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { type Actor, controls } from "../../cloud.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { requireNetwork } from "../state/lookup.ts";
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
import { text } from "../wire/converters.ts";
import { badInput, conflict, forbidden, invalid, notFound, notSimulated } from "../wire/errors.ts";
import { listReply } from "../wire/lists.ts";
import { projectMembers, type View } from "../wire/views.ts";

/*
 * Sharing an object with one project. Of the object types that Neutron can share, networks are simulated.
 */

const TYPES = ["network", "qos_policy", "security_group", "address_scope", "subnetpool", "address_group"];
const ACTIONS = ["access_as_shared", "access_as_external"];

const byMembers = (): "member" => "member";

const ATTRIBUTES = {
  id: { post: false, put: false },
  object_type: { isRequired: true, put: false, convert: String, policy: byMembers },
  object_id: { isRequired: true, put: false, convert: String, policy: byMembers },
  target_tenant: { isRequired: true, convert: text, policy: (value: unknown) => trueForAdmins(value === "*") },
  project_id: { put: false },
  tenant_id: { put: false },
  action: { isRequired: true, put: false, convert: String, policy: byMembers },
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
  if (row === undefined || !controls(actor, row)) throw notFound("RbacPolicy", params.id ?? "");
  return row;
}

/** @throws Refusal 400, 403, 404, 409 */
function checkNew(neutron: Neutron, actor: Actor, fields: NewFields<typeof ATTRIBUTES>): void {
  const { object_type: type, object_id: id, action, target_tenant: target } = fields;
  if (!TYPES.includes(type)) throw badInput(`'${type}' is not a valid RBAC object type`);
  if (!ACTIONS.includes(action))
    throw invalid(
      "InvalidActionForType",
      `Invalid action '${action}' for object type '${type}'. Valid actions: ('access_as_shared', 'access_as_external')`,
    );
  if (type !== "network") throw notSimulated(`RBAC policies of ${type}`);
  if (!controls(actor, requireNetwork(neutron, actor, id))) throw forbidden("rule:create_rbac_policy");
  const isKnown = neutron.slot.value.rbac
    .values()
    .some((row) => row.objectId === id && row.action === action && row.target === target);
  if (isKnown) throw conflict("DuplicateRbacPolicy", "An RBAC policy already exists with those values.");
}

function create(neutron: Neutron, context: RequestContext): HttpReply {
  const { actor } = context;
  const fields = parseNewFields(actor, SCHEMA, itemOf(context, SCHEMA));
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
  touch(neutron, requireNetwork(neutron, actor, row.objectId));
  neutron.cloud.kernel.record("neutron", "rbac.create", row.id, { object: row.objectId, target: row.target });
  return json(201, { rbac_policy: view(row) });
}

function update(neutron: Neutron, context: RequestContext): HttpReply {
  const fields = parseChanges(context.actor, SCHEMA, itemOf(context, SCHEMA));
  const row = requirePolicy(neutron, context);
  checkPolicy(context.actor, SCHEMA, fields, "update");
  row.target = fields.target_tenant ?? row.target;
  return json(200, { rbac_policy: view(row) });
}

/** What prevents the deletion of a policy, in the service's words. */
const WATCHERS = [
  "neutron.plugins.ml2.plugin.NeutronDbPluginV2",
  "neutron.services.network_ip_availability.plugin.NeutronDbPluginV2",
  "neutron.services.network_ip_availability.plugin.NeutronDbPluginV2",
];

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
  const objections = WATCHERS.map(
    (watcher, at) => `Callback ${watcher}.validate_network_rbac_policy_change-${at} failed with "${reason}"`,
  );
  throw conflict(
    "RbacPolicyInUse",
    `RBAC policy on object ${row.objectId} cannot be removed because other objects depend on it.\nDetails: ${objections.join(",")}`,
  );
}

function remove(neutron: Neutron, context: RequestContext): HttpReply {
  const row = requirePolicy(neutron, context);
  checkUnused(neutron, row);
  neutron.slot.value.rbac.delete(row.id);
  const network = neutron.slot.value.networks.get(row.objectId);
  if (network !== undefined) touch(neutron, network);
  addToCount(neutron, row.projectId, "rbac_policy", -1);
  return empty(204);
}

function list(neutron: Neutron, context: RequestContext): HttpReply {
  const rows = [...neutron.slot.value.rbac.values()].filter((row) => controls(context.actor, row));
  const schema = { collection: "rbac_policies", path: "rbac-policies", attributes: ATTRIBUTES };
  return listReply(context, schema, rows.map(view));
}

/** `/v2.0/rbac-policies` */
export function rbacPolicyRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const path = "/v2.0/rbac-policies";
  const clients = ["openstack"];
  return [
    { method: "GET", path, clients, handler: (context) => list(neutron, context) },
    { method: "POST", path, clients, handler: (context) => create(neutron, context) },
    {
      method: "GET",
      path: `${path}/:id`,
      clients,
      handler: (context) => json(200, { rbac_policy: view(requirePolicy(neutron, context)) }),
    },
    { method: "PUT", path: `${path}/:id`, handler: (context) => update(neutron, context) },
    { method: "DELETE", path: `${path}/:id`, clients, handler: (context) => remove(neutron, context) },
  ];
}
