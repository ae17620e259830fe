import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { QosPolicyRow, QosRuleRow } from "../state/extension-rows.ts";
import { isSharedWith } from "../state/sharing.ts";
import { type Neutron, newRow } from "../state/state.ts";
import { withStandard } from "../wire/attributes.ts";
import { boolean, text } from "../wire/converters.ts";
import { conflict } from "../wire/errors.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";
import { requireRow, type Resource } from "./resource.ts";

/** neutron-lib, `api/definitions/qos.py` and `qos_default.py`. */
const ATTRIBUTES = withStandard({
  name: { convert: text },
  shared: { convert: boolean, filter: boolean },
  is_default: { convert: boolean, filter: boolean },
  rules: { post: false, put: false },
});

/** A rule within its policy. */
const ruleView = (policyId: string, { id, type, values }: QosRuleRow): View => ({
  id,
  qos_policy_id: policyId,
  type,
  ...values,
});

const view = (neutron: Neutron, actor: Actor, row: QosPolicyRow): View => ({
  id: row.id,
  name: row.name,
  shared: isSharedWith(neutron, row.id, actor.projectId),
  is_default: row.isDefault,
  rules: row.rules.map((rule) => ruleView(row.id, rule)),
  description: row.description,
  tags: row.tags,
  ...projectMembers(row.projectId),
  ...revisionMembers(row),
});

/** @throws Refusal 409 */
function checkDefault({ slot }: Neutron, projectId: string, isDefault: boolean, own?: QosPolicyRow): void {
  if (!isDefault) return;
  const other = [...slot.value.qosPolicies.values()].find((row) => row.isDefault && row.projectId === projectId);
  if (other !== undefined && other !== own)
    throw conflict("QosPolicyDefaultAlreadyExists", `A default QoS policy exists for project ${projectId}.`);
}

const KINDS: readonly (readonly [kind: string, rows: "networks" | "ports" | "floatingIps"])[] = [
  ["network", "networks"],
  ["port", "ports"],
  ["floatingip", "floatingIps"],
];

/** @throws Refusal 409 while something uses it */
function remove(neutron: Neutron, row: QosPolicyRow): void {
  const { qosPolicyOf, qosPolicies } = neutron.slot.value;
  for (const [id, policy] of qosPolicyOf) {
    if (policy !== row.id) continue;
    const kind = KINDS.find(([, rows]) => neutron.slot.value[rows].has(id))?.[0] ?? "port";
    throw conflict("QosPolicyInUse", `QoS Policy ${row.id} is used by ${kind} ${id}.`);
  }
  qosPolicies.delete(row.id);
  neutron.cloud.kernel.record("neutron", "qos-policy.delete", row.id);
}

/** `/v2.0/qos/policies`, which only administrators change. */
export const QOS_POLICIES: Resource<QosPolicyRow, typeof ATTRIBUTES> = {
  name: "policy",
  collection: "policies",
  path: "qos/policies",
  exception: "QosPolicy",
  clients: ["openstack"],
  isCore: false,
  isBulk: true,
  isForAdmins: true,
  attributes: ATTRIBUTES,
  rows: ({ slot }) => slot.value.qosPolicies.values(),
  find: ({ slot }, id) => slot.value.qosPolicies.get(id),
  sharedAs: "qos_policy",
  canChange: (_neutron, actor) => actor.isAdmin,
  view,
  create: (neutron, _actor, projectId, fields) => {
    checkDefault(neutron, projectId, fields.is_default ?? false);
    const row: QosPolicyRow = {
      ...newRow(neutron, projectId, 0, fields.description),
      name: fields.name ?? "",
      isDefault: fields.is_default ?? false,
      rules: [],
    };
    neutron.slot.value.qosPolicies.set(row.id, row);
    neutron.cloud.kernel.record("neutron", "qos-policy.create", row.id, { project: projectId });
    return row;
  },
  update: (neutron, _actor, row, fields) => {
    checkDefault(neutron, row.projectId, fields.is_default ?? row.isDefault, row);
    row.name = fields.name ?? row.name;
    row.description = fields.description ?? row.description;
    row.isDefault = fields.is_default ?? row.isDefault;
  },
  remove: (neutron, _actor, row) => remove(neutron, row),
};

/** A policy that the actor may use. @throws Refusal 404 */
export const requirePolicy = (neutron: Neutron, actor: Actor, id: string): QosPolicyRow =>
  requireRow(neutron, QOS_POLICIES, actor, id);

/** 404: the policy has no such rule. */
export const missingRule = (policy: QosPolicyRow, id: string): Refusal =>
  new Refusal(404, "QosRuleNotFound", `QoS rule ${id} for policy ${policy.id} could not be found.`);
