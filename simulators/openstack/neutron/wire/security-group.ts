import { parsePrefix } from "../behaviour/ip.ts";
import type { SecurityGroupRow, SecurityGroupRuleRow } from "../state/rows.ts";
import { projectMembers, revisionMembers, type View } from "./views.ts";

/** A rule by itself. */
export const ruleView = (rule: SecurityGroupRuleRow): View => ({
  id: rule.id,
  ...projectMembers(rule.projectId),
  security_group_id: rule.groupId,
  ethertype: rule.ethertype,
  direction: rule.direction,
  protocol: rule.protocol,
  port_range_min: rule.portMin,
  port_range_max: rule.portMax,
  remote_ip_prefix: rule.remoteIpPrefix,
  remote_address_group_id: rule.remoteAddressGroupId,
  normalized_cidr: parsePrefix(rule.remoteIpPrefix)?.text ?? null,
  remote_group_id: rule.remoteGroupId,
  description: rule.isInitial ? null : rule.description,
  ...revisionMembers(rule),
});

/** A group with its rules, which have more members there than alone. */
export const groupView = (group: SecurityGroupRow, isShared: boolean): View => ({
  id: group.id,
  name: group.name,
  stateful: group.stateful,
  ...projectMembers(group.projectId),
  description: group.description,
  shared: isShared,
  security_group_rules: group.rules.map((rule) => ({
    ...ruleView(rule),
    standard_attr_id: rule.attrId,
    tags: rule.tags,
  })),
  tags: group.tags,
  ...revisionMembers(group),
});
