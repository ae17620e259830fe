import type { Actor, VolumeView } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { Cinder } from "../state/cinder.ts";
import type { Attachment, VolumeRow } from "../state/rows.ts";
import { requireVolume, setStatus } from "../state/volumes.ts";
import { badRequest } from "../wire/errors.ts";

/** A volume as Nova and Glance see it. */
export const volumeViewOf = (row: VolumeRow): VolumeView => ({
  id: row.id,
  projectId: row.projectId,
  status: row.status,
  sizeGb: row.sizeGb,
  bootable: row.bootable,
  multiattach: row.multiattach,
  zone: row.zone,
  imageId: row.imageId,
  attachments: row.attachments.map(({ id, serverId, device }) => ({ id, serverId, device })),
});

/** Cinder's refusal to detach what is not attached. */
export const CANNOT_DETACH =
  "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.";

/** Refuses to detach a volume that a server uses except through Nova, as data would be lost. @throws Refusal 409 */
export function refuseNovaAttachment(row: VolumeRow): void {
  const used = row.attachments.find(({ isNova }) => isNova);
  if (used === undefined) return;
  const message = `ConflictNovaUsingAttachment: Detach volume from instance ${used.serverId} using the Compute API`;
  throw new Refusal(409, "conflictingRequest", message);
}

/** Adds an attachment and gives the volume its new status. Returns the attachment's id. */
export function addAttachment(
  cinder: Cinder,
  row: VolumeRow,
  wanted: Omit<Attachment, "id">,
  status: "reserved" | "in-use",
): string {
  const id = cinder.cloud.uuid("cinder");
  row.attachments = [...row.attachments, { id, ...wanted }];
  cinder.slot.value.volumeByAttachment.set(id, row.id);
  setStatus(cinder, row, status);
  return id;
}

/** Ends attachments whatever the status: the volume stays in use if others are left, else it is available. */
export function endAttachments(cinder: Cinder, row: VolumeRow, isEnding: (attachment: Attachment) => boolean): void {
  for (const attachment of row.attachments)
    if (isEnding(attachment)) cinder.slot.value.volumeByAttachment.delete(attachment.id);
  row.attachments = row.attachments.filter((attachment) => !isEnding(attachment));
  setStatus(cinder, row, row.attachments.length > 0 ? "in-use" : "available");
}

/** Whether a volume may be given to one more user. @throws Refusal 400 */
export function checkReservable({ id, status, multiattach }: VolumeRow): void {
  if (status.startsWith("error"))
    throw badRequest(
      `Invalid volume: Volume attachments can not be created if the volume is in an error state. The Volume ${id} currently has a status of: ${status} `,
    );
  if (status === "available" || (multiattach && ["reserved", "in-use", "attaching"].includes(status))) return;
  const allowed = multiattach ? "available or in-use" : "available";
  throw badRequest(`Invalid volume: Volume ${id} status must be ${allowed} to reserve, but the status is ${status}.`);
}

/** available → reserved, for a server of Nova's. @throws Refusal 400, 404 */
export function reserveForServer(cinder: Cinder, actor: Actor, volumeId: string, serverId: string): string {
  const row = requireVolume(cinder, actor, volumeId);
  checkReservable(row);
  return addAttachment(cinder, row, { serverId, device: null, host: null, attachedMs: 0, isNova: true }, "reserved");
}

/** reserved → in-use. Does nothing if the attachment is gone. */
export function completeAttachment(cinder: Cinder, attachmentId: string, device: string, host: string): void {
  const { volumes, volumeByAttachment } = cinder.slot.value;
  const row = volumes.get(volumeByAttachment.get(attachmentId) ?? "");
  const attachment = row?.attachments.find(({ id }) => id === attachmentId);
  if (row === undefined || attachment === undefined) return;
  Object.assign(attachment, { device, host, attachedMs: cinder.cloud.kernel.nowMs });
  setStatus(cinder, row, "in-use");
}

/** The server of an attachment has gone to another host. */
export function moveAttachment(cinder: Cinder, attachmentId: string, host: string): void {
  const { volumes, volumeByAttachment } = cinder.slot.value;
  const row = volumes.get(volumeByAttachment.get(attachmentId) ?? "");
  const attachment = row?.attachments.find(({ id }) => id === attachmentId);
  if (attachment !== undefined) attachment.host = host;
}

/** in-use → detaching. @throws Refusal 400, 404 */
export function beginDetach(cinder: Cinder, actor: Actor, volumeId: string): void {
  const row = requireVolume(cinder, actor, volumeId);
  if (row.status !== "in-use") throw badRequest(CANNOT_DETACH);
  setStatus(cinder, row, "detaching");
}
