import type { Cinder } from "../state/cinder.ts";
import type { SnapshotRow, VolumeRow } from "../state/rows.ts";
import { setSnapshotStatus } from "../state/snapshots.ts";
import { setStatus } from "../state/volumes.ts";

/** ms of simulated work. */
const REVERT_MS = 1500;

/** The volume, and the snapshot whose data it gets back. */
export interface Reversion {
  readonly id: string;
  readonly snapshotId: string;
}

/** Begins to give a volume the data of a snapshot. */
export function startRevert(cinder: Cinder, volume: VolumeRow, snapshot: SnapshotRow): void {
  const { kernel } = cinder.cloud;
  setStatus(cinder, volume, "reverting");
  setSnapshotStatus(cinder, snapshot, "restoring");
  const end: Reversion = { id: volume.id, snapshotId: snapshot.id };
  kernel.timer(kernel.work(REVERT_MS), "cinder/reverted", end);
}

/** Both are available again. */
export function endRevert(cinder: Cinder, { id, snapshotId }: Reversion): void {
  const volume = cinder.slot.value.volumes.get(id);
  const snapshot = cinder.slot.value.snapshots.get(snapshotId);
  if (volume?.status === "reverting") setStatus(cinder, volume, "available");
  if (snapshot?.status === "restoring") setSnapshotStatus(cinder, snapshot, "available");
}
