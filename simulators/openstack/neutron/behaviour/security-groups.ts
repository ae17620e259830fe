import type { SecurityGroupRow, SecurityGroupRuleRow } from "../state/rows.ts";
import { addToCount } from "../state/quotas.ts";
import { type Neutron, newRow } from "../state/state.ts";
import { protocolNumber } from "./protocols.ts";

/** A rule before it belongs to a group. */
export interface NewRule {
  readonly direction: SecurityGroupRuleRow["direction"];
  readonly ethertype: SecurityGroupRuleRow["ethertype"];
  /** Null (default): any. */
  readonly protocol?: string | null;
  readonly portMin?: number | null;
  readonly portMax?: number | null;
  readonly remoteIpPrefix?: string | null;
  readonly remoteGroupId?: string | null;
  readonly remoteAddressGroupId?: string | null;
  readonly description?: string;
  /** Default false; see `SecurityGroupRuleRow`. */
  readonly isInitial?: boolean;
}

/** Adds a rule to a group. */
export function addRule(neutron: Neutron, group: SecurityGroupRow, rule: NewRule): SecurityGroupRuleRow {
  const { groupByRule } = neutron.slot.value;
  const row: SecurityGroupRuleRow = {
    ...newRow(neutron, group.projectId, 0, rule.description),
    groupId: group.id,
    direction: rule.direction,
    ethertype: rule.ethertype,
    protocol: rule.protocol ?? null,
    portMin: rule.portMin ?? null,
    portMax: rule.portMax ?? null,
    remoteIpPrefix: rule.remoteIpPrefix ?? null,
    remoteGroupId: rule.remoteGroupId ?? null,
    remoteAddressGroupId: rule.remoteAddressGroupId ?? null,
    isInitial: rule.isInitial ?? false,
    attrId: groupByRule.size + 1,
  };
  groupByRule.set(row.id, group.id);
  group.rules = [...group.rules, row];
  addToCount(neutron, row.projectId, "security_group_rule", 1);
  return row;
}

/** How many rules a group is created with, unless it is the default one. */
export const INITIAL_RULES = 2;

/** Creates a group that lets everything out; `default` also lets its own members in. */
export function createGroup(neutron: Neutron, projectId: string, name: string, description: string): SecurityGroupRow {
  const group: SecurityGroupRow = { ...newRow(neutron, projectId, 1, description), name, stateful: true, rules: [] };
  neutron.slot.value.groups.set(group.id, group);
  addToCount(neutron, projectId, "security_group", 1);
  const versions = ["IPv4", "IPv6"] as const;
  for (const ethertype of versions) addRule(neutron, group, { direction: "egress", ethertype, isInitial: true });
  if (name === "default")
    for (const ethertype of versions)
      addRule(neutron, group, { direction: "ingress", ethertype, remoteGroupId: group.id, isInitial: true });
  neutron.cloud.kernel.record("neutron", "security-group.create", group.id, { project: projectId, name });
  return group;
}

/** The group `default` of a project, created when it is first needed. */
export function ensureDefaultGroup(neutron: Neutron, projectId: string): SecurityGroupRow {
  const { defaultGroups, groups } = neutron.slot.value;
  const known = groups.get(defaultGroups.get(projectId) ?? "");
  if (known !== undefined) return known;
  const created = createGroup(neutron, projectId, "default", "Default security group");
  defaultGroups.set(projectId, created.id);
  return created;
}

/** Whether a port carries the group. */
export const isGroupInUse = ({ slot }: Neutron, groupId: string): boolean => {
  for (const { groups } of slot.value.ports.values()) if (groups.includes(groupId)) return true;
  return false;
};

/** Deletes a group, with its rules and those of other groups that let its members in. */
export function deleteGroup(neutron: Neutron, group: SecurityGroupRow): void {
  const state = neutron.slot.value;
  for (const { id } of group.rules) state.groupByRule.delete(id);
  state.groups.delete(group.id);
  addToCount(neutron, group.projectId, "security_group_rule", -group.rules.length);
  for (const other of state.groups.values()) deleteRulesFor(neutron, other, group.id);
  addToCount(neutron, group.projectId, "security_group", -1);
  neutron.cloud.kernel.record("neutron", "security-group.delete", group.id);
}

function deleteRulesFor(neutron: Neutron, group: SecurityGroupRow, remoteId: string): void {
  const gone = group.rules.filter(({ remoteGroupId }) => remoteGroupId === remoteId);
  if (gone.length === 0) return;
  for (const { id } of gone) neutron.slot.value.groupByRule.delete(id);
  group.rules = group.rules.filter((rule) => !gone.includes(rule));
  addToCount(neutron, group.projectId, "security_group_rule", -gone.length);
}

const COMPARED = ["direction", "ethertype", "portMin", "portMax", "remoteGroupId", "remoteAddressGroupId"] as const;

/** The source that a rule admits, in one form: every address is the same as no address. */
const comparedPrefix = (prefix: string | null | undefined): string | undefined =>
  prefix == null || prefix === "0.0.0.0/0" || prefix === "::/0" ? undefined : prefix;

/** The group's rule that is equal to a new one, however it is expressed. Descriptions don't count. */
export const findSameRule = (group: SecurityGroupRow, rule: NewRule): SecurityGroupRuleRow | undefined =>
  group.rules.find(
    (each) =>
      COMPARED.every((name) => (rule[name] ?? null) === each[name]) &&
      protocolNumber(rule.protocol) === protocolNumber(each.protocol) &&
      comparedPrefix(rule.remoteIpPrefix) === comparedPrefix(each.remoteIpPrefix),
  );
