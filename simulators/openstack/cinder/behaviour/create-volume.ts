import type { Actor, ImageView } from "../../cloud.ts";
import { CINDER_POINTS } from "../faults.ts";
import { backendOf, isServed } from "../state/backend.ts";
import { type Cinder, recordChange } from "../state/cinder.ts";
import { addMessage } from "../state/messages.ts";
import { checkCount, checkGigabytes, checkTypeQuota } from "../state/quotas.ts";
import type { TypeRow, VolumeRow } from "../state/rows.ts";
import { addVolume, setStatus } from "../state/volumes.ts";

/** ms of simulated work. */
const CREATE_MS = 3000;

/** A checked request for a volume. */
interface VolumeRequest {
  readonly sizeGb: number;
  readonly name: string | null;
  readonly description: string | null;
  readonly zone: string;
  readonly type: TypeRow;
  readonly image?: ImageView | undefined;
  readonly snapshotId?: string | null;
  readonly sourceId?: string | null;
  readonly groupId?: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly requestId: string;
}

/** The properties that a volume keeps from the image or volume from which it was created. */
export const imageMetadataOf = (image: ImageView): Record<string, string> => ({
  image_id: image.id,
  image_name: image.name ?? "",
  checksum: image.checksum ?? "",
  container_format: image.containerFormat ?? "",
  disk_format: image.diskFormat ?? "",
  min_disk: String(image.minDiskGb),
  min_ram: String(image.minRamMb),
  size: String(image.sizeBytes),
  ...image.properties,
});

/** Accepts a volume; it becomes available, or error, later. @throws Refusal 413 */
export function createVolume(cinder: Cinder, actor: Actor, wanted: VolumeRequest): VolumeRow {
  checkGigabytes(cinder, actor.projectId, wanted.sizeGb);
  checkCount(cinder, actor.projectId, "volumes");
  checkTypeQuota(cinder, actor.projectId, wanted.type, wanted.sizeGb);
  const { kernel } = cinder.cloud;
  const state = cinder.slot.value;
  const source = state.volumes.get(wanted.sourceId ?? state.snapshots.get(wanted.snapshotId ?? "")?.volumeId ?? "");
  const row: VolumeRow = {
    id: cinder.cloud.uuid("cinder"),
    seq: ++state.made,
    projectId: actor.projectId,
    userId: actor.userId,
    name: wanted.name,
    description: wanted.description,
    sizeGb: wanted.sizeGb,
    status: "creating",
    statusBefore: "available",
    zone: wanted.zone,
    typeId: wanted.type.id,
    imageId: wanted.image?.id,
    snapshotId: wanted.snapshotId ?? null,
    sourceId: wanted.sourceId ?? null,
    bootable: false,
    multiattach: /^<is>\s*true$/i.test(wanted.type.extraSpecs.multiattach ?? ""),
    createdMs: kernel.nowMs,
    updatedMs: null,
    metadata: wanted.metadata,
    imageMetadata: wanted.image === undefined ? (source?.imageMetadata ?? {}) : imageMetadataOf(wanted.image),
    attachments: [],
    groupId: wanted.groupId ?? null,
  };
  addVolume(cinder, row);
  recordChange(cinder, "volume.create", row.id, { project: row.projectId, name: row.name, size: row.sizeGb });
  const bootable = wanted.image !== undefined || source?.bootable === true;
  startCreateVolume(cinder, row, wanted.type, bootable, wanted.requestId);
  return row;
}

function startCreateVolume(cinder: Cinder, row: VolumeRow, type: TypeRow, bootable: boolean, requestId: string): void {
  const { kernel } = cinder.cloud;
  const effect = kernel.faults.at(CINDER_POINTS.create, { id: row.id, name: row.name ?? "" });
  if (effect?.kind === "stuck") return;
  const backend = type.extraSpecs.volume_backend_name;
  // The back end of the recorded rig does not offer multiattach.
  const hasNoBackend =
    (backend !== undefined && backend !== backendOf(cinder.cloud).name) ||
    (row.multiattach && cinder.cloud.profile === "rig") ||
    !isServed(cinder, "cinder-volume");
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  const end: VolumeCreation = {
    id: row.id,
    status: effect?.kind === "error" || hasNoBackend ? "error" : "available",
    bootable,
    requestWithoutBackend: hasNoBackend ? requestId : "",
  };
  kernel.timer((hasNoBackend ? kernel.work(CREATE_MS / 10) : kernel.work(CREATE_MS)) + delayMs, "cinder/created", end);
}

/** How the creation of a volume ends. */
export interface VolumeCreation {
  readonly id: string;
  readonly status: string;
  readonly bootable: boolean;
  /** The id of a request for a type without a back end; empty if the type has one. */
  readonly requestWithoutBackend: string;
}

/** Turns a volume to available, or to error. */
export function endCreateVolume(cinder: Cinder, { id, status, bootable, requestWithoutBackend }: VolumeCreation): void {
  const row = cinder.slot.value.volumes.get(id);
  if (row?.status !== "creating") return;
  row.bootable = bootable;
  setStatus(cinder, row, status);
  if (requestWithoutBackend === "") return;
  addMessage(cinder, {
    projectId: row.projectId,
    eventId: "VOLUME_VOLUME_001_003",
    text: "schedule allocate volume:Could not find any available weighted backend.",
    resourceType: "VOLUME",
    resourceId: id,
    requestId: requestWithoutBackend,
  });
}
