import { type Cinder, recordChange } from "./cinder.ts";
import type { SnapshotRow } from "./rows.ts";

/** The snapshots of a volume, oldest first. */
export const snapshotsOf = ({ slot }: Cinder, volumeId: string): SnapshotRow[] =>
  [...slot.value.snapshots.values()].filter((row) => row.volumeId === volumeId);

/** Gives a snapshot a status, whatever it had. */
export function setSnapshotStatus(cinder: Cinder, row: SnapshotRow, status: string): void {
  row.status = status;
  row.updatedMs = cinder.cloud.kernel.nowMs;
  recordChange(cinder, "snapshot.status", row.id, { status });
}
