import type { Actor } from "../../cloud.ts";
import { prefixOf } from "../behaviour/ip.ts";
import { boolean, text } from "../wire/attributes.ts";
import { conflict, dated, type Fields, fresh, type Neutron, owned, owns } from "../wire/wire.ts";
import { checkQuota, count } from "./quotas.ts";
import { type Resource, rowOf, withCommon } from "./resource.ts";
import type { GroupRow, RuleRow } from "../state/state.ts";

/** @throws Refusal 404 */
export const groupOf = (neutron: Neutron, actor: Actor, id: string): GroupRow => rowOf(neutron, GROUPS, actor, id);

export interface NewRule {
  readonly direction: RuleRow["direction"];
  readonly ethertype: RuleRow["ethertype"];
  readonly protocol?: string | null;
  readonly portMin?: number | null;
  readonly portMax?: number | null;
  readonly remoteIpPrefix?: string | null;
  readonly remoteGroupId?: string | null;
  readonly description?: string;
  readonly isInitial?: boolean;
}

/** Puts a rule into a group. */
export function addRule(neutron: Neutron, group: GroupRow, rule: NewRule): RuleRow {
  const { groupByRule } = neutron.slot.value;
  const row: RuleRow = {
    ...fresh(neutron, group.projectId, rule.description, 0),
    groupId: group.id,
    direction: rule.direction,
    ethertype: rule.ethertype,
    protocol: rule.protocol ?? null,
    portMin: rule.portMin ?? null,
    portMax: rule.portMax ?? null,
    remoteIpPrefix: rule.remoteIpPrefix ?? null,
    remoteGroupId: rule.remoteGroupId ?? null,
    isInitial: rule.isInitial ?? false,
    attrId: groupByRule.size + 1,
  };
  groupByRule.set(row.id, group.id);
  group.rules = [...group.rules, row];
  count(neutron, row.projectId, "security_group_rule", 1);
  return row;
}

function makeGroup(neutron: Neutron, projectId: string, name: string, description: string): GroupRow {
  const group: GroupRow = { ...fresh(neutron, projectId, description, 1), name, stateful: true, rules: [] };
  neutron.slot.value.groups.set(group.id, group);
  count(neutron, projectId, "security_group", 1);
  const versions = ["IPv4", "IPv6"] as const;
  for (const ethertype of versions) addRule(neutron, group, { direction: "egress", ethertype, isInitial: true });
  if (name === "default")
    for (const ethertype of versions)
      addRule(neutron, group, { direction: "ingress", ethertype, remoteGroupId: group.id, isInitial: true });
  neutron.cloud.kernel.record("neutron", "security-group.create", group.id, { project: projectId, name });
  return group;
}

/** Every project has a group `default`; it is made when it is first needed. */
export function defaultGroup(neutron: Neutron, projectId: string): GroupRow {
  const { defaultGroups, groups } = neutron.slot.value;
  const known = groups.get(defaultGroups.get(projectId) ?? "");
  if (known !== undefined) return known;
  const made = makeGroup(neutron, projectId, "default", "Default security group");
  defaultGroups.set(projectId, made.id);
  return made;
}

/** A rule by itself. */
export const ruleView = (rule: RuleRow): Fields => ({
  id: rule.id,
  ...owned(rule.projectId),
  security_group_id: rule.groupId,
  ethertype: rule.ethertype,
  direction: rule.direction,
  protocol: rule.protocol,
  port_range_min: rule.portMin,
  port_range_max: rule.portMax,
  remote_ip_prefix: rule.remoteIpPrefix,
  remote_address_group_id: null,
  normalized_cidr: prefixOf(rule.remoteIpPrefix)?.text ?? null,
  remote_group_id: rule.remoteGroupId,
  description: rule.isInitial ? null : rule.description,
  ...dated(rule),
});

const view = (_neutron: Neutron, _actor: Actor, group: GroupRow): Fields => ({
  id: group.id,
  name: group.name,
  stateful: group.stateful,
  ...owned(group.projectId),
  description: group.description,
  shared: false,
  security_group_rules: group.rules.map((rule) => ({
    ...ruleView(rule),
    standard_attr_id: rule.attrId,
    tags: rule.tags,
  })),
  tags: group.tags,
  ...dated(group),
});

/** Rules that let in the members of a group end with it. */
function dropRulesFor(neutron: Neutron, group: GroupRow, remoteId: string): void {
  const gone = group.rules.filter(({ remoteGroupId }) => remoteGroupId === remoteId);
  if (gone.length === 0) return;
  for (const { id } of gone) neutron.slot.value.groupByRule.delete(id);
  group.rules = group.rules.filter((rule) => !gone.includes(rule));
  count(neutron, group.projectId, "security_group_rule", -gone.length);
}

const inUse = (neutron: Neutron, groupId: string): boolean => {
  for (const { groups } of neutron.slot.value.ports.values()) if (groups.includes(groupId)) return true;
  return false;
};

const used = (id: string): ReturnType<typeof conflict> =>
  conflict("SecurityGroupInUse", `Security Group ${id} in use.`);

const defaultExists = (): ReturnType<typeof conflict> =>
  conflict("SecurityGroupDefaultAlreadyExists", "Default security group already exists.");

const RULES_AT_BIRTH = 2;

export const GROUPS: Resource<GroupRow> = {
  name: "security_group",
  collection: "security_groups",
  path: "security-groups",
  kind: "SecurityGroup",
  quota: "security_group",
  clients: ["bosh", "openstack"],
  isCore: false,
  isBulk: true,
  attributes: withCommon({
    name: { convert: text() },
    stateful: { convert: boolean, isBoolean: true },
    shared: { post: false, put: false, isBoolean: true },
    security_group_rules: { post: false, put: false },
  }),
  rows: (neutron, { actor, query }) => {
    if (actor.projectId !== "") defaultGroup(neutron, actor.projectId);
    const groups = [...neutron.slot.value.groups.values()];
    const names = query.getAll("name");
    // Before any is shown: a group with its rules is long.
    return names.length === 0 ? groups : groups.filter(({ name }) => names.includes(name));
  },
  find: ({ slot }, id) => slot.value.groups.get(id),
  sees: (_neutron, actor, row) => owns(actor, row),
  view,
  create: (neutron, _actor, projectId, fields) => {
    const name = (fields.name as string | undefined) ?? "";
    defaultGroup(neutron, projectId);
    if (name === "default") throw defaultExists();
    checkQuota(neutron, projectId, "security_group");
    checkQuota(neutron, projectId, "security_group_rule", RULES_AT_BIRTH);
    const group = makeGroup(neutron, projectId, name, (fields.description as string | undefined) ?? "");
    group.stateful = (fields.stateful as boolean | undefined) ?? true;
    return group;
  },
  update: (neutron, _actor, group, fields) => {
    if (fields.stateful !== undefined && fields.stateful !== group.stateful && inUse(neutron, group.id))
      throw used(group.id);
    if (group.name !== "default" && fields.name === "default") throw defaultExists();
    if (group.name === "default" && fields.name !== undefined && fields.name !== "default")
      throw conflict("SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.");
    group.name = (fields.name as string | undefined) ?? group.name;
    group.description = (fields.description as string | undefined) ?? group.description;
    group.stateful = (fields.stateful as boolean | undefined) ?? group.stateful;
  },
  remove: (neutron, actor, group) => {
    if (inUse(neutron, group.id)) throw used(group.id);
    if (group.name === "default" && !actor.isAdmin)
      throw conflict("SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.");
    const state = neutron.slot.value;
    for (const { id } of group.rules) state.groupByRule.delete(id);
    state.groups.delete(group.id);
    count(neutron, group.projectId, "security_group_rule", -group.rules.length);
    for (const other of state.groups.values()) dropRulesFor(neutron, other, group.id);
    count(neutron, group.projectId, "security_group", -1);
    neutron.cloud.kernel.record("neutron", "security-group.delete", group.id);
  },
};
