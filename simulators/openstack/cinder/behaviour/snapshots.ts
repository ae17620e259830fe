import { CINDER_POINTS } from "../faults.ts";
import { type Cinder, recordChange } from "../state/cinder.ts";
import type { SnapshotRow } from "../state/rows.ts";
import { setSnapshotStatus } from "../state/snapshots.ts";
import { addUsage } from "../state/usage.ts";

/** ms of simulated work. */
const CREATE_MS = 500;
const DELETE_MS = 500;

/** Adds a snapshot, whose data follows later. */
export function startCreateSnapshot(cinder: Cinder, row: SnapshotRow): void {
  const { kernel } = cinder.cloud;
  cinder.slot.value.snapshots.set(row.id, row);
  addUsage(cinder, row.projectId, { snapshots: 1, gigabytes: row.sizeGb });
  recordChange(cinder, "snapshot.create", row.id, { project: row.projectId, volume: row.volumeId });
  const effect = kernel.faults.at(CINDER_POINTS.snapshot, { id: row.id, volume: row.volumeId });
  const status = effect?.kind === "error" ? "error" : "available";
  if (effect?.kind !== "stuck") kernel.timer(kernel.work(CREATE_MS), "cinder/snapshot", { id: row.id, status });
}

/** Turns a snapshot to `deleting`; it is gone later. */
export function startDeleteSnapshot(cinder: Cinder, row: SnapshotRow): void {
  const { kernel } = cinder.cloud;
  setSnapshotStatus(cinder, row, "deleting");
  kernel.timer(kernel.work(DELETE_MS), "cinder/snapshot-deleted", { id: row.id });
}

/** Gives the snapshot its data, or fails it. */
export function endCreateSnapshot(
  cinder: Cinder,
  { id, status }: { readonly id: string; readonly status: string },
): void {
  const row = cinder.slot.value.snapshots.get(id);
  if (row?.status === "creating") setSnapshotStatus(cinder, row, status);
}

/** Removes the snapshot and frees its share of the quota. */
export function endDeleteSnapshot(cinder: Cinder, id: string): void {
  const row = cinder.slot.value.snapshots.get(id);
  if (row === undefined) return;
  cinder.slot.value.snapshots.delete(id);
  addUsage(cinder, row.projectId, { snapshots: -1, gigabytes: -row.sizeGb });
  recordChange(cinder, "snapshot.gone", id);
}
