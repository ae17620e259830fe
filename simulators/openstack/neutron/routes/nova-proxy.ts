import type { Actor, FloatingIpView, ProxiedOps, SecurityGroupView } from "../../cloud.ts";
import { FLOATING_IPS } from "./floatingips.ts";
import { type Resource, requireRow } from "./resource.ts";
import { removeRow } from "./resource-rows.ts";
import { SECURITY_GROUP_RULES } from "./security-group-rules.ts";
import { SECURITY_GROUPS } from "./security-groups.ts";
import { requireGroup } from "../state/lookup.ts";
import { checkQuota } from "../state/quotas.ts";
import type { FloatingIpRow, ResourceRow, SecurityGroupRow, SecurityGroupRuleRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import { type Attributes, parseNewFields } from "../wire/attributes.ts";
import type { View } from "../wire/views.ts";

/** A security group as Nova's old routes show it. */
export function groupForNova({ slot }: Neutron, group: SecurityGroupRow): SecurityGroupView {
  const { id, name, description, rules } = group;
  const remoteGroup = (rule: SecurityGroupRuleRow): string | null =>
    slot.value.groups.get(rule.remoteGroupId ?? "")?.name ?? null;
  return { id, name, description, rules: rules.map((rule) => ({ ...rule, remoteGroup: remoteGroup(rule) })) };
}

/** A floating IP as Nova and Designate see it. */
export const floatingIpForNova = ({ slot }: Neutron, row: FloatingIpRow): FloatingIpView => ({
  id: row.id,
  ip: row.address,
  network: slot.value.networks.get(row.networkId)?.name ?? "",
  fixedIp: row.fixedIp,
  deviceId: slot.value.ports.get(row.portId ?? "")?.deviceId ?? "",
});

function create<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  actor: Actor,
  item: View,
): T {
  const fields = parseNewFields(actor, resource, item);
  if (resource.quota !== undefined) checkQuota(neutron, actor.projectId, resource.quota);
  return resource.create(neutron, actor, actor.projectId, fields);
}

const remove = <T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  actor: Actor,
  id: string,
): void => removeRow(neutron, resource, actor, requireRow(neutron, resource, actor, id));

/** Changes security groups and floating IPs for a client of Nova's old routes, just as its own requests to Neutron would. */
export function proxyOperations(neutron: Neutron): ProxiedOps {
  return {
    createGroup: (actor, { name, description }) =>
      groupForNova(neutron, create(neutron, SECURITY_GROUPS, actor, { name, description })),
    updateGroup: (actor, id, { name, description }) => {
      const group = requireGroup(neutron, actor, id);
      SECURITY_GROUPS.update?.(neutron, actor, group, { name, description });
      touch(neutron, group);
      return groupForNova(neutron, group);
    },
    deleteGroup: (actor, id) => remove(neutron, SECURITY_GROUPS, actor, id),
    createRule: (actor, rule) => {
      const { id } = create(neutron, SECURITY_GROUP_RULES, actor, {
        direction: "ingress",
        security_group_id: rule.groupId,
        ethertype: rule.cidr?.includes(":") ? "IPv6" : "IPv4",
        protocol: rule.protocol,
        port_range_min: rule.portMin,
        port_range_max: rule.portMax,
        remote_ip_prefix: rule.cidr,
        remote_group_id: rule.remoteGroupId,
      });
      return { id, group: groupForNova(neutron, requireGroup(neutron, actor, rule.groupId)) };
    },
    deleteRule: (actor, id) => remove(neutron, SECURITY_GROUP_RULES, actor, id),
    allocate: (actor, networkId) =>
      floatingIpForNova(neutron, create(neutron, FLOATING_IPS, actor, { floating_network_id: networkId })),
    release: (actor, id) => remove(neutron, FLOATING_IPS, actor, id),
  };
}
