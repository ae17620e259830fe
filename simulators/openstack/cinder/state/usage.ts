import type { Cinder } from "./cinder.ts";
import type { ProjectUsage } from "./rows.ts";

const NO_USAGE: ProjectUsage = { volumes: 0, snapshots: 0, gigabytes: 0, backups: 0, backup_gigabytes: 0 };
const USAGES = ["volumes", "snapshots", "gigabytes", "backups", "backup_gigabytes"] as const;

/** A project's usage. */
export const usageOf = ({ slot }: Cinder, projectId: string): ProjectUsage =>
  slot.value.usage.get(projectId) ?? NO_USAGE;

/** Adds to what a project uses; negative numbers subtract. */
export function addUsage({ slot }: Cinder, projectId: string, by: Partial<ProjectUsage>): void {
  const { usage } = slot.value;
  let own = usage.get(projectId);
  if (own === undefined) usage.set(projectId, (own = { ...NO_USAGE }));
  for (const name of USAGES) own[name] += by[name] ?? 0;
}
