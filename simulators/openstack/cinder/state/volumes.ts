import type { Actor } from "../../cloud.ts";
import { notFoundById } from "../wire/errors.ts";
import type { Cinder } from "./cinder.ts";
import type { VolumeRow } from "./rows.ts";
import { addUsage } from "./usage.ts";

export function addVolume(cinder: Cinder, row: VolumeRow): void {
  const { volumes, byProject } = cinder.slot.value;
  volumes.set(row.id, row);
  let own = byProject.get(row.projectId);
  if (own === undefined) byProject.set(row.projectId, (own = new Map()));
  own.set(row.id, row);
  addUsage(cinder, row.projectId, { volumes: 1, gigabytes: row.sizeGb });
}

export function removeVolume(cinder: Cinder, row: VolumeRow): void {
  const { volumes, byProject, volumeByAttachment } = cinder.slot.value;
  if (!volumes.delete(row.id)) return;
  byProject.get(row.projectId)?.delete(row.id);
  for (const { id } of row.attachments) volumeByAttachment.delete(id);
  addUsage(cinder, row.projectId, { volumes: -1, gigabytes: -row.sizeGb });
}

/** Gives a volume to another project, quota and all. */
export function transferVolume(cinder: Cinder, row: VolumeRow, projectId: string, userId: string): void {
  removeVolume(cinder, row);
  Object.assign(row, { projectId, userId });
  addVolume(cinder, row);
}

export function setStatus({ cloud }: Cinder, row: VolumeRow, status: string): void {
  row.status = status;
  row.updatedMs = cloud.kernel.nowMs;
  cloud.kernel.record("cinder", "volume.status", row.id, { status });
}

/** @throws Refusal 404 */
export function requireVolume(cinder: Cinder, actor: Actor, id: string): VolumeRow {
  const row = cinder.slot.value.volumes.get(id);
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId)) throw notFoundById("Volume", id);
  return row;
}
