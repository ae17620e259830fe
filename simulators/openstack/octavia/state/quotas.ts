import { Refusal } from "../../refusal.ts";
import { KINDS, type KindName } from "./attributes.ts";
import type { Octavia } from "./state.ts";

/** The names of quotas. */
export const QUOTA_NAMES: readonly string[] = Object.values(KINDS).map(({ quota }) => quota);

/** The quotas of a project; −1 is unlimited, as all are by default. */
export const quotasOf = ({ cloud, slot }: Octavia, projectId: string): Readonly<Record<string, number>> => ({
  ...Object.fromEntries(QUOTA_NAMES.map((name) => [name, cloud.quota(name, -1)])),
  ...slot.value.quotas.get(projectId),
});

/** @throws Refusal 403 if a project may have no more of a kind */
export function checkQuota(octavia: Octavia, projectId: string, kind: KindName): void {
  const limit = quotasOf(octavia, projectId)[KINDS[kind].quota] ?? -1;
  if (limit < 0) return;
  let used = 0;
  for (const row of octavia.slot.value.rows.values()) if (row.kind === kind && row.projectId === projectId) used++;
  if (used >= limit) throw new Refusal(403, "", `Quota has been met for resources: ${KINDS[kind].title}`);
}
