import { Refusal } from "../../refusal.ts";
import { KINDS, type KindName } from "./attributes.ts";
import type { Octavia } from "./state.ts";

/** The names of quotas. */
export const QUOTA_NAMES: readonly string[] = Object.values(KINDS).map(({ quota }) => quota);

/** Older words of the API for two of them. */
export const QUOTA_ALIASES: Readonly<Record<string, string>> = {
  loadbalancer: "load_balancer",
  healthmonitor: "health_monitor",
};

/** The quotas of a project under all their names. */
export function quotaView(octavia: Octavia, projectId: string): Readonly<Record<string, number | undefined>> {
  const quotas = quotasOf(octavia, projectId);
  const old = Object.entries(QUOTA_ALIASES).map(([alias, name]) => [alias, quotas[name]] as const);
  return { ...quotas, ...Object.fromEntries(old) };
}

/** The quotas of a project; −1 is unlimited, as all are by default. */
const quotasOf = ({ cloud, slot }: Octavia, projectId: string): Readonly<Record<string, number>> => ({
  ...Object.fromEntries(QUOTA_NAMES.map((name) => [name, cloud.quota(name, -1)])),
  ...slot.value.quotas.get(projectId),
});

/** @throws Refusal 403 where a project may not have so many more of a kind */
export function checkQuota(octavia: Octavia, projectId: string, kind: KindName, more = 1): void {
  const limit = quotasOf(octavia, projectId)[KINDS[kind].quota] ?? -1;
  if (limit < 0) return;
  let used = 0;
  for (const row of octavia.slot.value.rows.values()) if (row.kind === kind && row.projectId === projectId) used++;
  if (used + more > limit) throw new Refusal(403, "", `Quota has been met for resources: ${KINDS[kind].title}`);
}
