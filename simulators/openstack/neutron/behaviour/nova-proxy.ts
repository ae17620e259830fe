import type { Actor, FloatingIpView, ProxiedOps, SecurityGroupView } from "../../cloud.ts";
import { checked } from "../wire/attributes.ts";
import { FLOATING_IPS } from "../routes/floatingips.ts";
import { type Fields, type Neutron, touch } from "../wire/wire.ts";
import { GROUPS, groupOf } from "../routes/security-groups.ts";
import { checkQuota } from "../routes/quotas.ts";
import { type Resource, rowOf } from "../routes/resource.ts";
import { RULES } from "../routes/security-group-rules.ts";
import type { FloatingIpRow, GroupRow, Row, RuleRow } from "../state/state.ts";

export function groupView({ slot }: Neutron, group: GroupRow): SecurityGroupView {
  const { id, name, description, rules } = group;
  const remote = (rule: RuleRow): string | null => slot.value.groups.get(rule.remoteGroupId ?? "")?.name ?? null;
  return { id, name, description, rules: rules.map((rule) => ({ ...rule, remoteGroup: remote(rule) })) };
}

export const floatingIpView = ({ slot }: Neutron, row: FloatingIpRow): FloatingIpView => ({
  id: row.id,
  ip: row.address,
  network: slot.value.networks.get(row.networkId)?.name ?? "",
  fixedIp: row.fixedIp,
  deviceId: slot.value.ports.get(row.portId ?? "")?.deviceId ?? "",
});

/** Security groups and floating addresses, changed for a client of Nova's old routes as its own requests would. */
export function proxiedOperations(neutron: Neutron): ProxiedOps {
  const make = <T extends Row>(resource: Resource<T>, actor: Actor, given: Fields): T => {
    const fields = checked(actor, resource, given, "create");
    checkQuota(neutron, actor.projectId, resource.quota);
    return resource.create(neutron, actor, actor.projectId, fields);
  };
  const drop = <T extends Row>(resource: Resource<T>, actor: Actor, id: string): void =>
    resource.remove(neutron, actor, rowOf(neutron, resource, actor, id));
  return {
    createGroup: (actor, { name, description }) => groupView(neutron, make(GROUPS, actor, { name, description })),
    updateGroup: (actor, id, { name, description }) => {
      const group = groupOf(neutron, actor, id);
      GROUPS.update?.(neutron, actor, group, { name, description });
      touch(neutron, group);
      return groupView(neutron, group);
    },
    deleteGroup: (actor, id) => drop(GROUPS, actor, id),
    createRule: (actor, rule) => {
      const { id } = make(RULES, actor, {
        direction: "ingress",
        security_group_id: rule.groupId,
        ethertype: rule.cidr?.includes(":") ? "IPv6" : "IPv4",
        protocol: rule.protocol,
        port_range_min: rule.portMin,
        port_range_max: rule.portMax,
        remote_ip_prefix: rule.cidr,
        remote_group_id: rule.remoteGroupId,
      });
      return { id, group: groupView(neutron, groupOf(neutron, actor, rule.groupId)) };
    },
    deleteRule: (actor, id) => drop(RULES, actor, id),
    allocate: (actor, networkId) =>
      floatingIpView(neutron, make(FLOATING_IPS, actor, { floating_network_id: networkId })),
    release: (actor, id) => drop(FLOATING_IPS, actor, id),
  };
}
