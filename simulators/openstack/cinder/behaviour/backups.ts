import type { Cinder } from "../state/cinder.ts";
import { addMessage } from "../state/messages.ts";
import { setStatus } from "../state/volumes.ts";

/*
 * This cloud has no backup service, like the recorded one: a backup is accepted, then fails with a message that says so.
 */

export const SCHEDULE_MS = 2000;

/** No service takes it. */
export function failBackup(
  cinder: Cinder,
  { id, requestId }: { readonly id: string; readonly requestId: string },
): void {
  const row = cinder.slot.value.backups.get(id);
  if (row === undefined) return;
  row.status = "error";
  row.failReason = "Service not found for creating backup.";
  row.updatedMs = cinder.cloud.kernel.nowMs;
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
