import type { Cinder } from "../state/cinder.ts";
import type { SnapshotRow } from "../state/rows.ts";
import { addUsage } from "../state/usage.ts";
import type { CinderCall } from "../wire/request.ts";

/** ms of simulated work. */
export const CREATE_MS = 500;
const DELETE_MS = 500;

export function startDeleteSnapshot({ cinder }: CinderCall, row: SnapshotRow): void {
  const { kernel } = cinder.cloud;
  row.status = "deleting";
  row.updatedMs = kernel.nowMs;
  kernel.timer(kernel.work(DELETE_MS), "cinder/snapshot-deleted", { id: row.id });
}

export function endCreateSnapshot(
  cinder: Cinder,
  { id, status }: { readonly id: string; readonly status: string },
): void {
  const row = cinder.slot.value.snapshots.get(id);
  if (row?.status === "creating") Object.assign(row, { status, updatedMs: cinder.cloud.kernel.nowMs });
}

export function endDeleteSnapshot(cinder: Cinder, id: string): void {
  const row = cinder.slot.value.snapshots.get(id);
  if (row === undefined) return;
  cinder.slot.value.snapshots.delete(id);
  addUsage(cinder, row.projectId, { snapshots: -1, gigabytes: -row.sizeGb });
  cinder.cloud.kernel.record("cinder", "snapshot.gone", id);
}
