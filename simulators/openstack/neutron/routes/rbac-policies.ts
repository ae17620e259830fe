import { empty, json } from "../../../kernel/index.ts";
import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../common/refusal.ts";
import type { Context, OpenStackRoute } from "../../common/service.ts";
import { type Attributes, checked, checkPolicy, itemOf, projectOf, type Shape, text } from "../wire/attributes.ts";
import { badInput, conflict, denied, type Fields, type Neutron, notFound, owned, owns, touch } from "../wire/wire.ts";
import { listed } from "../wire/lists.ts";
import { networkOf } from "./networks.ts";
import { checkQuota, count } from "./quotas.ts";
import type { RbacRow } from "../state/state.ts";

/*
 * Sharing a network with one project. Of the kinds of things that Neutron can share this way, networks are modelled.
 */

const TYPES = ["network", "qos_policy", "security_group", "address_scope", "subnetpool", "address_group"];
const ACTIONS = ["access_as_shared", "access_as_external"];

/** Who objects to a policy's end, as the service names them. */
const WATCHERS = [
  "neutron.plugins.ml2.plugin.NeutronDbPluginV2",
  "neutron.services.network_ip_availability.plugin.NeutronDbPluginV2",
  "neutron.services.network_ip_availability.plugin.NeutronDbPluginV2",
];

const attributes: Attributes = {
  id: { post: false, put: false },
  object_type: { isRequired: true, put: false, policy: () => "member" },
  object_id: { isRequired: true, put: false, policy: () => "member" },
  target_tenant: { isRequired: true, convert: text(), policy: (value) => (value === "*" ? "admin" : "member") },
  project_id: { put: false },
  tenant_id: { put: false },
  action: { isRequired: true, put: false, policy: () => "member" },
};

const SHAPE: Shape = { name: "rbac_policy", collection: "rbac_policies", isCore: false, isBulk: false, attributes };

const view = (row: RbacRow): Fields => ({
  id: row.id,
  ...owned(row.projectId),
  action: row.action,
  object_id: row.objectId,
  target_tenant: row.target,
  object_type: row.objectType,
});

/** @throws Refusal 404 */
function policyOf({ slot }: Neutron, { actor, params }: Context): RbacRow {
  const row = slot.value.rbac.get(params.id ?? "");
  if (row === undefined || !owns(actor, row)) throw notFound("RbacPolicy", params.id ?? "");
  return row;
}

/** @throws Refusal 400, 403, 409 */
function checkWanted(neutron: Neutron, actor: Actor, fields: Fields): void {
  const { object_type: type, object_id: id, action } = fields;
  if (!TYPES.includes(String(type))) throw badInput(`'${String(type)}' is not a valid RBAC object type`);
  if (!ACTIONS.includes(String(action)))
    throw new Refusal(
      400,
      "InvalidActionForType",
      `Invalid action '${String(action)}' for object type '${String(type)}'. Valid actions: ('access_as_shared', 'access_as_external')`,
    );
  if (type !== "network")
    throw new Refusal(501, "HTTPNotImplemented", `not simulated: RBAC policies of ${String(type)}`);
  if (!owns(actor, networkOf(neutron, actor, String(id)))) throw denied("rule:create_rbac_policy");
  const isKnown = [...neutron.slot.value.rbac.values()].some(
    (row) => row.objectId === id && row.action === action && row.target === fields.target_tenant,
  );
  if (isKnown) throw conflict("DuplicateRbacPolicy", "An RBAC policy already exists with those values.");
}

function create(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const { actor } = context;
  const fields = checked(actor, SHAPE, itemOf(context, SHAPE), "create");
  checkPolicy(actor, SHAPE, fields, "create");
  checkWanted(neutron, actor, fields);
  const projectId = projectOf(actor, fields);
  checkQuota(neutron, projectId, "rbac_policy");
  const row: RbacRow = {
    id: neutron.cloud.uuid("neutron"),
    projectId,
    objectType: String(fields.object_type),
    objectId: String(fields.object_id),
    action: String(fields.action),
    target: String(fields.target_tenant),
  };
  neutron.slot.value.rbac.set(row.id, row);
  count(neutron, projectId, "rbac_policy", 1);
  touch(neutron, networkOf(neutron, actor, row.objectId));
  neutron.cloud.kernel.record("neutron", "rbac.create", row.id, { object: row.objectId, target: row.target });
  return json(201, { rbac_policy: view(row) });
}

/** Who uses the network only through this policy stands in its way. @throws Refusal 409 */
function remove(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const row = policyOf(neutron, context);
  const users = [...neutron.slot.value.ports.values()].filter(
    ({ networkId, projectId }) => networkId === row.objectId && (row.target === "*" || row.target === projectId),
  );
  if (users.some(({ projectId }) => projectId !== row.projectId)) {
    const reason = `Unable to reconfigure sharing settings for network ${row.objectId}. Multiple tenants are using it.`;
    const objections = WATCHERS.map(
      (watcher, at) => `Callback ${watcher}.validate_network_rbac_policy_change-${at} failed with "${reason}"`,
    );
    throw conflict(
      "RbacPolicyInUse",
      `RBAC policy on object ${row.objectId} cannot be removed because other objects depend on it.\nDetails: ${objections.join(",")}`,
    );
  }
  neutron.slot.value.rbac.delete(row.id);
  const network = neutron.slot.value.networks.get(row.objectId);
  if (network !== undefined) touch(neutron, network);
  count(neutron, row.projectId, "rbac_policy", -1);
  return empty(204);
}

export function rbacRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const path = "/v2.0/rbac-policies";
  return [
    {
      method: "GET",
      path,
      clients: ["openstack"],
      handler: (context) => {
        const rows = [...neutron.slot.value.rbac.values()].filter((row) => owns(context.actor, row));
        return listed(context, { collection: "rbac_policies", path: "rbac-policies", attributes }, rows.map(view));
      },
    },
    { method: "POST", path, clients: ["openstack"], handler: (context) => create(neutron, context) },
    {
      method: "GET",
      path: `${path}/:id`,
      clients: ["openstack"],
      handler: (context) => json(200, { rbac_policy: view(policyOf(neutron, context)) }),
    },
    {
      method: "PUT",
      path: `${path}/:id`,
      handler: (context) => {
        const fields = checked(context.actor, SHAPE, itemOf(context, SHAPE), "update");
        const row = policyOf(neutron, context);
        checkPolicy(context.actor, SHAPE, fields, "update");
        row.target = (fields.target_tenant as string | undefined) ?? row.target;
        return json(200, { rbac_policy: view(row) });
      },
    },
    { method: "DELETE", path: `${path}/:id`, clients: ["openstack"], handler: (context) => remove(neutron, context) },
  ];
}
