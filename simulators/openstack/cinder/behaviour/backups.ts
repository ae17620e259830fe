import type { Actor } from "../../cloud.ts";
import { CINDER_POINTS } from "../faults.ts";
import { isServed } from "../state/backend.ts";
import { type Cinder, recordChange } from "../state/cinder.ts";
import { addMessage } from "../state/messages.ts";
import type { BackupRow, VolumeRow } from "../state/rows.ts";
import { requireType } from "../state/types.ts";
import { addUsage } from "../state/usage.ts";
import { setStatus } from "../state/volumes.ts";
import { createVolume } from "./create-volume.ts";

/*
 * Backups. The recorded rig has no backup service: a backup is accepted there, then fails with a message that says so.
 */

/** ms of simulated work: until it turns out that no service takes the backup, and until the data is copied. */
const WORK_MS = { schedule: 2000, create: 3000, restore: 3000, delete: 500 } as const;

/** Accepts a backup of a volume. */
export function startBackup(cinder: Cinder, row: BackupRow, volume: VolumeRow, requestId: string): void {
  const { kernel } = cinder.cloud;
  cinder.slot.value.backups.set(row.id, row);
  addUsage(cinder, row.projectId, { backups: 1, backup_gigabytes: row.sizeGb });
  recordChange(cinder, "backup.create", row.id, { project: row.projectId, volume: volume.id });
  volume.statusBefore = volume.status;
  setStatus(cinder, volume, "backing-up");
  const effect = kernel.faults.at(CINDER_POINTS.backup, { id: row.id, volume: volume.id });
  if (effect?.kind === "stuck") return;
  const hasService = isServed(cinder, "cinder-backup");
  const failure = hasService
    ? effect?.kind === "error"
      ? effect.message
      : ""
    : "Service not found for creating backup.";
  const workMs = hasService ? WORK_MS.create : WORK_MS.schedule;
  kernel.timer(kernel.work(workMs), "cinder/backup", { id: row.id, requestId, failure });
}

/** How a backup ends: `failure` is empty if it succeeds. */
export interface BackupEnd {
  readonly id: string;
  readonly requestId: string;
  readonly failure: string;
}

function setBackupStatus(cinder: Cinder, row: BackupRow, status: string): void {
  row.status = status;
  row.updatedMs = cinder.cloud.kernel.nowMs;
  recordChange(cinder, "backup.status", row.id, { status });
}

/** Completes the backup, or fails it, and gives the volume its old status. */
export function endBackup(cinder: Cinder, { id, requestId, failure }: BackupEnd): void {
  const row = cinder.slot.value.backups.get(id);
  if (row === undefined || row.status !== "creating") return;
  row.failReason = failure === "" ? null : failure;
  setBackupStatus(cinder, row, failure === "" ? "available" : "error");
  const volume = cinder.slot.value.volumes.get(row.volumeId);
  if (volume?.status === "backing-up") setStatus(cinder, volume, volume.statusBefore);
  if (failure === "") return;
  addMessage(cinder, {
    projectId: row.projectId,
    eventId: "VOLUME_VOLUME_BACKUP_013_024",
    text: `create backup:Backup failed to schedule. ${failure}`,
    resourceType: "VOLUME_BACKUP",
    resourceId: id,
    requestId,
  });
}

/** Backups that build upon this one. */
export const dependentsOf = ({ slot }: Cinder, id: string): readonly BackupRow[] =>
  [...slot.value.backups.values()].filter(({ parentId }) => parentId === id);

/** Begins to remove a backup; where there is no service it is gone at once. */
export function startRemoveBackup(cinder: Cinder, row: BackupRow): void {
  const { kernel, profile } = cinder.cloud;
  if (profile === "rig") return removeBackup(cinder, row.id);
  setBackupStatus(cinder, row, "deleting");
  kernel.timer(kernel.work(WORK_MS.delete), "cinder/backup-deleted", { id: row.id });
}

/** Removes a backup and frees its share of the quota. */
export function removeBackup(cinder: Cinder, id: string): void {
  const row = cinder.slot.value.backups.get(id);
  if (row === undefined) return;
  cinder.slot.value.backups.delete(id);
  addUsage(cinder, row.projectId, { backups: -1, backup_gigabytes: -row.sizeGb });
  recordChange(cinder, "backup.delete", id);
}

/** A new volume for the data of a backup. @throws Refusal 413 */
export function createForBackup(cinder: Cinder, actor: Actor, row: BackupRow, name: string | null): VolumeRow {
  return createVolume(cinder, actor, {
    sizeGb: row.sizeGb,
    name: name ?? `restore_backup_${row.id}`,
    description: "auto-created_from_restore_from_backup",
    zone: cinder.cloud.zones[0] ?? "nova",
    type: requireType({ cinder, actor }, null),
    metadata: {},
    requestId: "",
  });
}

/** Copies the data of a backup into a volume; a new volume first has to become available. */
export function startRestore(cinder: Cinder, row: BackupRow, volume: VolumeRow): void {
  const { kernel } = cinder.cloud;
  setBackupStatus(cinder, row, "restoring");
  if (volume.status === "available") setStatus(cinder, volume, "restoring-backup");
  kernel.timer(kernel.work(WORK_MS.restore), "cinder/restored", { id: row.id, volumeId: volume.id });
}

/** The volume holds what the backup held. */
export function endRestore(cinder: Cinder, { id, volumeId }: { readonly id: string; readonly volumeId: string }): void {
  const { backups, volumes } = cinder.slot.value;
  const row = backups.get(id);
  const volume = volumes.get(volumeId);
  if (row?.status === "restoring") setBackupStatus(cinder, row, "available");
  if (volume === undefined) return;
  volume.bootable = row?.isBootable ?? volume.bootable;
  if (volume.status === "restoring-backup") setStatus(cinder, volume, "available");
}
