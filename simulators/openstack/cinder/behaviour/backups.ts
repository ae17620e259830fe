import { type Cinder, recordChange } from "../state/cinder.ts";
import { addMessage } from "../state/messages.ts";
import type { BackupRow, VolumeRow } from "../state/rows.ts";
import { addUsage } from "../state/usage.ts";
import { setStatus } from "../state/volumes.ts";

/*
 * This cloud has no backup service, like the recorded one: a backup is accepted, then fails with a message that says so.
 */

/** How long until it is clear that no service takes the backup, in ms of simulated work. */
const SCHEDULE_MS = 2000;

/** Accepts a backup of a volume. */
export function startBackup(cinder: Cinder, row: BackupRow, volume: VolumeRow, requestId: string): void {
  const { kernel } = cinder.cloud;
  cinder.slot.value.backups.set(row.id, row);
  addUsage(cinder, row.projectId, { backups: 1, backup_gigabytes: row.sizeGb });
  recordChange(cinder, "backup.create", row.id, { project: row.projectId, volume: volume.id });
  volume.statusBefore = volume.status;
  setStatus(cinder, volume, "backing-up");
  kernel.timer(kernel.work(SCHEDULE_MS), "cinder/backup", { id: row.id, requestId });
}

/** Removes a backup and frees its share of the quota. */
export function removeBackup(cinder: Cinder, row: BackupRow): void {
  cinder.slot.value.backups.delete(row.id);
  addUsage(cinder, row.projectId, { backups: -1, backup_gigabytes: -row.sizeGb });
  recordChange(cinder, "backup.delete", row.id);
}

/** Fails the backup, because no service takes it, and restores the volume's status. */
export function failBackup(
  cinder: Cinder,
  { id, requestId }: { readonly id: string; readonly requestId: string },
): void {
  const row = cinder.slot.value.backups.get(id);
  if (row === undefined) return;
  row.status = "error";
  row.failReason = "Service not found for creating backup.";
  row.updatedMs = cinder.cloud.kernel.nowMs;
  recordChange(cinder, "backup.status", id, { status: row.status });
  const volume = cinder.slot.value.volumes.get(row.volumeId);
  if (volume?.status === "backing-up") setStatus(cinder, volume, volume.statusBefore);
  addMessage(cinder, {
    projectId: row.projectId,
    eventId: "VOLUME_VOLUME_BACKUP_013_024",
    text: "create backup:Backup failed to schedule. Service not found for creating backup.",
    resourceType: "VOLUME_BACKUP",
    resourceId: id,
    requestId,
  });
}
