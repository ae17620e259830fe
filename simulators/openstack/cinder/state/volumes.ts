import type { Actor } from "../../cloud.ts";
import { missing } from "../wire/errors.ts";
import type { Cinder } from "./cinder.ts";
import type { VolumeRow } from "./rows.ts";
import { use } from "./usage.ts";

export function addVolume(cinder: Cinder, row: VolumeRow): void {
  const { volumes, byProject } = cinder.slot.value;
  volumes.set(row.id, row);
  let own = byProject.get(row.projectId);
  if (own === undefined) byProject.set(row.projectId, (own = new Map()));
  own.set(row.id, row);
  use(cinder, row.projectId, { volumes: 1, gigabytes: row.sizeGb });
}

export function dropVolume(cinder: Cinder, row: VolumeRow): void {
  const { volumes, byProject, volumeByAttachment } = cinder.slot.value;
  if (!volumes.delete(row.id)) return;
  byProject.get(row.projectId)?.delete(row.id);
  for (const { id } of row.attachments) volumeByAttachment.delete(id);
  use(cinder, row.projectId, { volumes: -1, gigabytes: -row.sizeGb });
}

/** Gives a volume to another project, quota and all. */
export function handOver(cinder: Cinder, row: VolumeRow, projectId: string, userId: string): void {
  dropVolume(cinder, row);
  Object.assign(row, { projectId, userId });
  addVolume(cinder, row);
}

export function setStatus({ cloud }: Cinder, row: VolumeRow, status: string): void {
  row.status = status;
  row.updatedMs = cloud.kernel.nowMs;
  cloud.kernel.record("cinder", "volume.status", row.id, { status });
}

/** @throws Refusal 404 */
export function volumeOf(cinder: Cinder, actor: Actor, id: string): VolumeRow {
  const row = cinder.slot.value.volumes.get(id);
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId)) throw missing("Volume", id);
  return row;
}
