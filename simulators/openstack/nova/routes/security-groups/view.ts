import type { SecurityGroupView } from "../../../cloud.ts";
import type { NovaCall } from "../../wire/request.ts";

/*
 * Security groups in the terms of nova-network, the network service that Nova once had: rules for incoming traffic only. Until 2.35.
 */

type SecurityGroupRule = SecurityGroupView["rules"][number];

const isWithPorts = ({ protocol }: SecurityGroupRule): boolean => protocol === "tcp" || protocol === "udp";

/** A rule in the terms of nova-network. */
export const ruleView = (call: NovaCall, groupId: string, rule: SecurityGroupRule): object => ({
  id: rule.id,
  parent_group_id: groupId,
  ip_protocol: rule.protocol,
  from_port: rule.portMin ?? (isWithPorts(rule) ? 1 : null),
  to_port: rule.portMax ?? (isWithPorts(rule) ? 65535 : null),
  group: rule.remoteGroup === null ? {} : { name: rule.remoteGroup, tenant_id: call.actor.projectId },
  ip_range: rule.remoteGroup === null ? { cidr: rule.remoteIpPrefix ?? "0.0.0.0/0" } : {},
});

/** A group in the terms of nova-network: rules for incoming traffic only. */
export const securityGroupView = (call: NovaCall, group: SecurityGroupView): object => ({
  id: group.id,
  name: group.name,
  description: group.description,
  tenant_id: call.actor.projectId,
  rules: group.rules.filter(({ direction }) => direction === "ingress").map((rule) => ruleView(call, group.id, rule)),
});
