import { type Call, admin, checkedBody, type NovaRoute, ok } from "./call.ts";
import type { Nova } from "./state.ts";
import { Refusal } from "../common/refusal.ts";

/** Default quotas of Zed (api.md §14). */
const DEFAULTS: Readonly<Record<string, number>> = {
  instances: 10,
  cores: 20,
  ram: 51200,
  metadata_items: 128,
  key_pairs: 100,
  server_groups: 10,
  server_group_members: 10,
};

export const quotaOf = (nova: Nova, projectId: string, name: string): number =>
  nova.slot.value.quotas.get(projectId)?.[name] ??
  nova.slot.value.quotaClass[name] ??
  nova.cloud.quota(name, DEFAULTS[name] ?? -1);

export const quotasOf = (nova: Nova, projectId: string): Record<string, number> =>
  Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, quotaOf(nova, projectId, name)]));

/** @throws Refusal 403 when the project may not have so much more */
export function checkQuota(
  nova: Nova,
  projectId: string,
  wanted: Readonly<Record<"instances" | "cores" | "ram", number>>,
): void {
  const used = nova.slot.value.usage.get(projectId) ?? { instances: 0, cores: 0, ram: 0 };
  for (const name of ["instances", "cores", "ram"] as const) {
    const limit = quotaOf(nova, projectId, name);
    if (limit < 0 || used[name] + wanted[name] <= limit) continue;
    const message = `Quota exceeded for ${name}: Requested ${wanted[name]}, but already used ${used[name]} of ${limit} ${name}`;
    throw new Refusal(403, "forbidden", message);
  }
}

const view = (call: Call, project: string): object => ({ quota_set: { id: project, ...quotasOf(call.nova, project) } });

export const QUOTA_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/os-quota-sets/:project",
    clients: ["openstack"],
    handler: (call) => ok(view(call, call.params.project ?? "")),
  },
  {
    method: "GET",
    path: "/os-quota-sets/:project/defaults",
    clients: ["openstack"],
    handler: (call) => ok(view(call, call.params.project ?? "")),
  },
  {
    method: "PUT",
    path: "/os-quota-sets/:project",
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-quota-sets:update");
      const body = checkedBody(call, {
        type: "object",
        properties: { quota_set: { type: "object" } },
        required: ["quota_set"],
      });
      const { quotas } = call.nova.slot.value;
      const project = call.params.project ?? "";
      quotas.set(project, { ...quotas.get(project), ...(body.quota_set as Record<string, number>) });
      return ok({ quota_set: quotasOf(call.nova, project) });
    },
  },
];
