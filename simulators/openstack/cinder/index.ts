import type { Service } from "../../kernel/index.ts";
import type { Cloud, VolumeOps, VolumeView } from "../cloud.ts";
import { openStackService } from "../common/service.ts";
import { CANNOT_DETACH, volumeViewOf } from "./behaviour/attachments.ts";
import { createVolume } from "./behaviour/create-volume.ts";
import { startDeleteVolume } from "./behaviour/delete-volume.ts";
import { defineTimers } from "./behaviour/timers.ts";
import { CINDER_POINTS } from "./faults.ts";
import { ROUTES } from "./routes/routes.ts";
import { type Cinder, type CinderState, emptyState } from "./state/cinder.ts";
import type { VolumeRow } from "./state/rows.ts";
import { snapshotsOf } from "./state/snapshots.ts";
import { makeType, requireType, INITIAL_TYPES } from "./state/types.ts";
import { usageOf } from "./state/usage.ts";
import { setStatus, requireVolume } from "./state/volumes.ts";
import { badRequest } from "./wire/errors.ts";
import { mountRoute } from "./wire/route.ts";
import { STYLE } from "./wire/style.ts";
import { VERSION_ROUTES } from "./wire/versions.ts";

/** What Cinder does for Nova. */
export function operations(cinder: Cinder): VolumeOps {
  const rows = (): Map<string, VolumeRow> => cinder.slot.value.volumes;
  const find = (id: string): VolumeView | undefined => {
    const row = rows().get(id);
    return row && volumeViewOf(row);
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
      volumeViewOf(
        createVolume(cinder, actor, {
          sizeGb,
          name: name ?? null,
          description: "",
          zone: zone ?? cinder.cloud.zones[0] ?? "nova",
          type: requireType({ cinder, actor }, volumeType),
          image: imageId === undefined ? undefined : cinder.cloud.images.find(imageId),
          snapshotId: snapshotId ?? null,
          metadata: {},
          requestId: "",
        }),
      ),
    reserve: (actor, volumeId, serverId) => {
      const row = requireVolume(cinder, actor, volumeId);
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
      const row = requireVolume(cinder, actor, volumeId);
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
      if (isFree && row.status !== "deleting") startDeleteVolume(cinder, row);
    },
  };
}

export interface CinderService {
  readonly service: Service;
  readonly ops: VolumeOps;
  /** For the world's laws; read only. */
  state(): CinderState;
}

/** Cinder: volumes that live over time, snapshots, types, transfers, attachments, quotas (3.0 to 3.70). */
export function createCinder(cloud: Cloud): CinderService {
  const cinder: Cinder = { cloud, slot: cloud.kernel.slot("cinder", emptyState()) };
  const descriptions = { [INITIAL_TYPES[0]]: null, [INITIAL_TYPES[1]]: "Default Volume Type" };
  for (const name of INITIAL_TYPES)
    makeType(cinder, { name, description: descriptions[name], isPublic: true, extraSpecs: {} });
  for (const point of Object.values(CINDER_POINTS)) cloud.kernel.faults.define(point);
  defineTimers(cinder);
  const routes = ROUTES.flatMap((route) => mountRoute(cinder, route));
  return {
    service: openStackService(cloud, "cinder", STYLE, [...VERSION_ROUTES, ...routes]),
    ops: operations(cinder),
    state: () => cinder.slot.value,
  };
}
