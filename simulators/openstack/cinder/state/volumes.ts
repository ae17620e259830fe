import { type Actor, controls } from "../../cloud.ts";
import { notFoundById } from "../wire/errors.ts";
import { type Cinder, recordChange } from "./cinder.ts";
import type { VolumeRow } from "./rows.ts";
import { addUsage } from "./usage.ts";

/** Adds a volume and counts it against its project's quota. */
export function addVolume(cinder: Cinder, row: VolumeRow): void {
  const { volumes, byProject } = cinder.slot.value;
  volumes.set(row.id, row);
  let own = byProject.get(row.projectId);
  if (own === undefined) byProject.set(row.projectId, (own = new Map()));
  own.set(row.id, row);
  addUsage(cinder, row.projectId, { volumes: 1, gigabytes: row.sizeGb });
}

/** Removes a volume with its attachments and frees its share of the quota. */
export function removeVolume(cinder: Cinder, row: VolumeRow): void {
  const { volumes, byProject, volumeByAttachment } = cinder.slot.value;
  if (!volumes.delete(row.id)) return;
  byProject.get(row.projectId)?.delete(row.id);
  for (const { id } of row.attachments) volumeByAttachment.delete(id);
  addUsage(cinder, row.projectId, { volumes: -1, gigabytes: -row.sizeGb });
}

/** Moves a volume, and its share of the quota, to another project. */
export function transferVolume(cinder: Cinder, row: VolumeRow, projectId: string, userId: string): void {
  removeVolume(cinder, row);
  Object.assign(row, { projectId, userId });
  addVolume(cinder, row);
}

/** Gives a volume a status, whatever it had. */
export function setStatus(cinder: Cinder, row: VolumeRow, status: string): void {
  row.status = status;
  row.updatedMs = cinder.cloud.kernel.nowMs;
  recordChange(cinder, "volume.status", row.id, { status });
}

/** A volume that the actor may see. @throws Refusal 404 */
export function requireVolume(cinder: Cinder, actor: Actor, id: string): VolumeRow {
  const row = cinder.slot.value.volumes.get(id);
  if (row === undefined || !controls(actor, row)) throw notFoundById("Volume", id);
  return row;
}
