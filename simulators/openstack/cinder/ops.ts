import type { VolumeOps, VolumeView } from "../cloud.ts";
import { badRequest } from "./call.ts";
import { type Cinder, setStatus, snapshotsOf, usageOf, type VolumeRow } from "./state.ts";
import { makeVolume, startRemoval, typeFor, volumeOf } from "./volumes.ts";

const viewOf = (row: VolumeRow): VolumeView => ({
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

const CANNOT_DETACH =
  "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.";

/** What Cinder does for Nova. */
export function operations(cinder: Cinder): VolumeOps {
  const rows = (): Map<string, VolumeRow> => cinder.slot.value.volumes;
  const find = (id: string): VolumeView | undefined => {
    const row = rows().get(id);
    return row && viewOf(row);
  };
  return {
    volume: (actor, id) => {
      const found = find(id);
      return found !== undefined && (actor.isAdmin || found.projectId === actor.projectId) ? found : undefined;
    },
    find,
    snapshotSizeGb: (actor, id) => {
      const row = cinder.slot.value.snapshots.get(id);
      return row !== undefined && (actor.isAdmin || row.projectId === actor.projectId) ? row.sizeGb : undefined;
    },
    counts: (actor) => usageOf(cinder, actor.projectId),
    create: (actor, { sizeGb, name, imageId, snapshotId, volumeType, zone }) =>
      viewOf(
        makeVolume(cinder, actor, {
          sizeGb,
          name: name ?? null,
          description: "",
          zone: zone ?? cinder.cloud.zones[0] ?? "nova",
          type: typeFor({ cinder, actor }, volumeType),
          image: imageId === undefined ? undefined : cinder.cloud.images.find(imageId),
          snapshotId: snapshotId ?? null,
          metadata: {},
          requestId: "",
        }),
      ),
    reserve: (actor, volumeId, serverId) => {
      const row = volumeOf(cinder, actor, volumeId);
      if (row.status !== "available")
        throw badRequest(
          `Invalid volume: Volume ${volumeId} status must be available to reserve, but the status is ${row.status}.`,
        );
      const id = cinder.cloud.uuid("cinder");
      row.attachments = [...row.attachments, { id, serverId, device: null, host: null, attachedMs: 0, isNova: true }];
      cinder.slot.value.volumeByAttachment.set(id, row.id);
      setStatus(cinder, row, "reserved");
      return id;
    },
    attach: (attachmentId, device, host) => {
      const row = rows().get(cinder.slot.value.volumeByAttachment.get(attachmentId) ?? "");
      const attachment = row?.attachments.find(({ id }) => id === attachmentId);
      if (row === undefined || attachment === undefined) return;
      Object.assign(attachment, { device, host, attachedMs: cinder.cloud.kernel.nowMs });
      setStatus(cinder, row, "in-use");
    },
    beginDetach: (actor, volumeId) => {
      const row = volumeOf(cinder, actor, volumeId);
      if (row.status !== "in-use") throw badRequest(CANNOT_DETACH);
      setStatus(cinder, row, "detaching");
    },
    detach: (volumeId, serverId) => {
      const row = rows().get(volumeId);
      if (row === undefined) return;
      for (const { id } of row.attachments.filter((each) => each.serverId === serverId))
        cinder.slot.value.volumeByAttachment.delete(id);
      row.attachments = row.attachments.filter((each) => each.serverId !== serverId);
      setStatus(cinder, row, row.attachments.length > 0 ? "in-use" : "available");
    },
    remove: (volumeId) => {
      const row = rows().get(volumeId);
      const isFree = row !== undefined && row.attachments.length === 0 && snapshotsOf(cinder, volumeId).length === 0;
      if (isFree && row.status !== "deleting") startRemoval(cinder, row);
    },
  };
}
