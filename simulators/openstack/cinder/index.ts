import type { Service } from "../../kernel/index.ts";
import { type Actor, type Cloud, type VolumeOps, type VolumeView, controls } from "../cloud.ts";
import {
  beginDetach,
  completeAttachment,
  endAttachments,
  moveAttachment,
  reserveForServer,
  volumeViewOf,
} from "./behaviour/attachments.ts";
import { createVolume } from "./behaviour/create-volume.ts";
import { startDeleteVolume } from "./behaviour/delete-volume.ts";
import { defineTimers } from "./behaviour/timers.ts";
import { defineFaults } from "./faults.ts";
import { ROUTES } from "./routes/routes.ts";
import { type Cinder, type CinderState, emptyState } from "./state/cinder.ts";
import { snapshotsOf } from "./state/snapshots.ts";
import { addType, canUseType, defaultTypeOf, findType, RELEASE_TYPE, requireType } from "./state/types.ts";
import { usageOf } from "./state/usage.ts";
import { mountRoute } from "./wire/route.ts";
import { WIRE } from "./wire/wire.ts";
import { VERSION_ROUTES } from "./wire/versions.ts";
import { openStackService } from "../service.ts";
import { withPaths } from "../service-paths.ts";

function findVolume({ slot }: Cinder, id: string, actor?: Actor): VolumeView | undefined {
  const row = slot.value.volumes.get(id);
  return row !== undefined && (actor === undefined || controls(actor, row)) ? volumeViewOf(row) : undefined;
}

function snapshotSizeGb({ slot }: Cinder, actor: Actor, id: string): number | undefined {
  const row = slot.value.snapshots.get(id);
  return row !== undefined && controls(actor, row) ? row.sizeGb : undefined;
}

function createForServer(cinder: Cinder, actor: Actor, wanted: Parameters<VolumeOps["create"]>[1]): VolumeView {
  const row = createVolume(cinder, actor, {
    sizeGb: wanted.sizeGb,
    name: wanted.name ?? null,
    description: "",
    zone: wanted.zone ?? cinder.cloud.zones[0] ?? "nova",
    type: requireType({ cinder, actor }, wanted.volumeType),
    image: wanted.imageId === undefined ? undefined : cinder.cloud.images.find(wanted.imageId),
    snapshotId: wanted.snapshotId ?? null,
    metadata: {},
    requestId: "",
  });
  return volumeViewOf(row);
}

/** Ends the attachments of a server; does nothing if the volume is gone. */
function detachFromServer(cinder: Cinder, volumeId: string, serverId: string): void {
  const row = cinder.slot.value.volumes.get(volumeId);
  if (row !== undefined) endAttachments(cinder, row, (each) => each.serverId === serverId);
}

function removeUnused(cinder: Cinder, volumeId: string): void {
  const row = cinder.slot.value.volumes.get(volumeId);
  const isFree = row !== undefined && row.attachments.length === 0 && snapshotsOf(cinder, volumeId).length === 0;
  if (isFree && row.status !== "deleting") startDeleteVolume(cinder, row);
}

/** Cinder's operations for Nova. */
const operations = (cinder: Cinder): VolumeOps => ({
  volume: (actor, id) => findVolume(cinder, id, actor),
  find: (id) => findVolume(cinder, id),
  snapshotSizeGb: (actor, id) => snapshotSizeGb(cinder, actor, id),
  hasType: (actor, type) => {
    const found = findType(cinder, type);
    return found !== undefined && canUseType(actor, found);
  },
  counts: (actor) => usageOf(cinder, actor.projectId),
  create: (actor, wanted) => createForServer(cinder, actor, wanted),
  reserve: (actor, volumeId, serverId) => reserveForServer(cinder, actor, volumeId, serverId),
  attach: (attachmentId, device, host) => completeAttachment(cinder, attachmentId, device, host),
  moveAttachment: (attachmentId, host) => moveAttachment(cinder, attachmentId, host),
  beginDetach: (actor, volumeId) => beginDetach(cinder, actor, volumeId),
  detach: (volumeId, serverId) => detachFromServer(cinder, volumeId, serverId),
  remove: (volumeId) => removeUnused(cinder, volumeId),
});

/** Cinder as the cloud puts it together. */
interface CinderService {
  readonly service: Service;
  readonly ops: VolumeOps;
  /** For the world's laws; read only. */
  state(): CinderState;
}

/** Cinder: volumes that live over time, snapshots, types, transfers, attachments, quotas (3.0 to 3.70). */
export function createCinder(cloud: Cloud): CinderService {
  const cinder: Cinder = { cloud, slot: cloud.kernel.slot("cinder", emptyState()) };
  addType(cinder, { name: defaultTypeOf(cinder), description: null, isPublic: true, extraSpecs: {} });
  addType(cinder, { name: RELEASE_TYPE, description: "Default Volume Type", isPublic: true, extraSpecs: {} });
  defineFaults(cinder);
  defineTimers(cinder);
  const routes = ROUTES.flatMap((route) => mountRoute(cinder, route));
  return {
    // Slashes in a row are one.
    service: withPaths(openStackService(cloud, "cinder", WIRE, [...VERSION_ROUTES, ...routes]), (path) =>
      path.replace(/\/{2,}/g, "/"),
    ),
    ops: operations(cinder),
    state: () => cinder.slot.value,
  };
}
