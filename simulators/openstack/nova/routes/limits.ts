import type { HttpReply } from "../../../kernel/index.ts";
import { quotaOf } from "../state/quotas.ts";
import { forbiddenByPolicy } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";

function showLimits(call: NovaCall): HttpReply {
  const { version, nova, actor } = call;
  const asked = call.query.get("tenant_id");
  if (asked !== null && !actor.isAdmin) throw forbiddenByPolicy("limits:other_project");
  const project = asked ?? actor.projectId;
  const used = nova.slot.value.usage.get(project) ?? { instances: 0, cores: 0, ram: 0 };
  const groups = [...nova.slot.value.groups.values()].filter(({ projectId }) => projectId === project).length;
  const limit = (name: string): number => quotaOf(nova, project, name);
  const absolute = {
    maxTotalInstances: limit("instances"),
    maxTotalCores: limit("cores"),
    maxTotalRAMSize: limit("ram"),
    maxServerMeta: limit("metadata_items"),
    ...(version < 39 && { maxImageMeta: limit("metadata_items") }),
    ...(version < 57 && {
      maxPersonality: limit("injected_files"),
      maxPersonalitySize: limit("injected_file_content_bytes"),
    }),
    maxTotalKeypairs: limit("key_pairs"),
    maxServerGroups: limit("server_groups"),
    maxServerGroupMembers: limit("server_group_members"),
    ...(version < 36 && { maxTotalFloatingIps: -1, maxSecurityGroups: -1, maxSecurityGroupRules: -1 }),
    totalRAMUsed: used.ram,
    totalCoresUsed: used.cores,
    totalInstancesUsed: used.instances,
    ...(version < 36 && { totalFloatingIpsUsed: 0, totalSecurityGroupsUsed: 0 }),
    totalServerGroupsUsed: groups,
  };
  return ok({ limits: { rate: [], absolute } });
}

/** Routes of the API reference, "Limits". */
export const LIMIT_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/limits", clients: ["openstack"], handler: showLimits },
];
