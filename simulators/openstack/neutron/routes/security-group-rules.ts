import type { Actor } from "../../cloud.ts";
import { str } from "../../python/index.ts";
import { Refusal } from "../../refusal.ts";
import { addRule, ensureDefaultGroup, findSameRule, type NewRule } from "../behaviour/security-groups.ts";
import { requireAddressGroup, requireGroup } from "../state/lookup.ts";
import { addToCount } from "../state/quotas.ts";
import type { SecurityGroupRuleRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import { type NewFields, withStandard } from "../wire/attributes.ts";
import { oneOf, orNull, text, textUpTo } from "../wire/converters.ts";
import { conflict, internalError } from "../wire/errors.ts";
import { checkRule, ethertype, portNumber, protocol, remotePrefix } from "../wire/rule-values.ts";
import { ruleView } from "../wire/security-group.ts";
import type { Resource } from "./resource.ts";

/** `UUID_FIELD_SIZE`. */
const UUID_CHARS_MAX = 36;

/** The id of a group, of any form; the database can't hold anything else. @throws Refusal 500 */
const reference = (value: unknown): string => {
  const isNamed = Array.isArray(value) && value.some((each) => typeof each !== "object" || each === null);
  if (value === "" || (typeof value === "object" && !isNamed)) throw internalError();
  return str(value);
};

const ATTRIBUTES = withStandard({
  security_group_id: { isRequired: true, put: false, convert: textUpTo(UUID_CHARS_MAX) },
  direction: { isRequired: true, put: false, convert: oneOf(["ingress", "egress"]) },
  ethertype: { put: false, convert: ethertype, filter: ethertype },
  protocol: { put: false, convert: orNull(protocol), filter: orNull(protocol) },
  port_range_min: { put: false, convert: orNull(portNumber), filter: orNull(portNumber) },
  port_range_max: { put: false, convert: orNull(portNumber), filter: orNull(portNumber) },
  remote_group_id: { put: false, convert: orNull(reference) },
  remote_address_group_id: { put: false, convert: orNull(reference) },
  remote_ip_prefix: { put: false, convert: orNull(remotePrefix), filter: orNull(remotePrefix) },
  normalized_cidr: { post: false, put: false },
  description: { convert: text },
});
type RuleAttributes = typeof ATTRIBUTES;

const toRule = (fields: NewFields<RuleAttributes>): NewRule => ({
  direction: fields.direction,
  ethertype: fields.ethertype ?? "IPv4",
  protocol: fields.protocol ?? null,
  portMin: fields.port_range_min ?? null,
  portMax: fields.port_range_max ?? null,
  remoteIpPrefix: fields.remote_ip_prefix ?? null,
  remoteGroupId: fields.remote_group_id ?? null,
  remoteAddressGroupId: fields.remote_address_group_id ?? null,
  description: fields.description ?? "",
});

function create(neutron: Neutron, actor: Actor, fields: NewFields<RuleAttributes>): SecurityGroupRuleRow {
  const rule = toRule(fields);
  checkRule(rule);
  if (rule.remoteAddressGroupId != null) requireAddressGroup(neutron, actor, rule.remoteAddressGroupId);
  if (rule.remoteGroupId != null) requireGroup(neutron, actor, rule.remoteGroupId);
  const group = requireGroup(neutron, actor, fields.security_group_id);
  const same = findSameRule(group, rule);
  if (same !== undefined)
    throw conflict("SecurityGroupRuleExists", `Security group rule already exists. Rule id is ${same.id}.`);
  const row = addRule(neutron, group, rule);
  touch(neutron, group);
  neutron.cloud.kernel.record("neutron", "security-group-rule.create", row.id, {
    group: group.id,
    direction: row.direction,
    remote: row.remoteIpPrefix ?? row.remoteGroupId,
    portMin: row.portMin,
    portMax: row.portMax,
  });
  return row;
}

function remove(neutron: Neutron, rule: SecurityGroupRuleRow): void {
  const { groups, groupByRule } = neutron.slot.value;
  const group = groups.get(rule.groupId);
  groupByRule.delete(rule.id);
  addToCount(neutron, rule.projectId, "security_group_rule", -1);
  if (group === undefined) return;
  group.rules = group.rules.filter((each) => each.id !== rule.id);
  touch(neutron, group);
  neutron.cloud.kernel.record("neutron", "security-group-rule.delete", rule.id, { group: group.id });
}

/** `/v2.0/security-group-rules` */
export const SECURITY_GROUP_RULES: Resource<SecurityGroupRuleRow, RuleAttributes> = {
  name: "security_group_rule",
  collection: "security_group_rules",
  path: "security-group-rules",
  exception: "SecurityGroupRule",
  quota: "security_group_rule",
  clients: ["openstack"],
  isCore: false,
  isBulk: true,
  isUntagged: true,
  attributes: ATTRIBUTES,
  rows: (neutron, { actor, query }) => {
    const { groups } = neutron.slot.value;
    if (actor.projectId !== "") ensureDefaultGroup(neutron, actor.projectId);
    const ids = query.getAll("security_group_id");
    const some = ids.length === 0 ? [...groups.values()] : ids.flatMap((id) => groups.get(id) ?? []);
    return some.flatMap(({ rules }) => rules);
  },
  find: ({ slot }, id) =>
    slot.value.groups.get(slot.value.groupByRule.get(id) ?? "")?.rules.find((rule) => rule.id === id),
  // This API answers differently for an existing rule and a missing one.
  refuseUnseen: () => new Refusal(404, "HTTPNotFound", "The resource could not be found."),
  view: (_neutron, _actor, rule) => ruleView(rule),
  create: (neutron, actor, _projectId, fields) => create(neutron, actor, fields),
  remove: (neutron, _actor, rule) => remove(neutron, rule),
};
