import type { VolumeView } from "../../cloud.ts";
import { Refusal } from "../../common/refusal.ts";
import type { VolumeRow } from "../state/rows.ts";

export const volumeViewOf = (row: VolumeRow): VolumeView => ({
  id: row.id,
  projectId: row.projectId,
  status: row.status,
  sizeGb: row.sizeGb,
  bootable: row.bootable,
  multiattach: false,
  zone: row.zone,
  imageId: row.imageId,
  attachments: row.attachments.map(({ id, serverId, device }) => ({ id, serverId, device })),
});

export const CANNOT_DETACH =
  "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.";

/** A volume that a server uses is detached through Nova, or data is lost. @throws Refusal 409 */
export function refuseNovaAttachment(row: VolumeRow): void {
  const used = row.attachments.find(({ isNova }) => isNova);
  if (used === undefined) return;
  const message = `ConflictNovaUsingAttachment: Detach volume from instance ${used.serverId} using the Compute API`;
  throw new Refusal(409, "conflictingRequest", message);
}
