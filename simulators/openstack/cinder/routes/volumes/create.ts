import type { HttpReply } from "../../../../kernel/index.ts";
import { type ImageView, controls } from "../../../cloud.ts";
import { type Schema, type ValueOf } from "../../../schema/index.ts";
import { startRestore } from "../../behaviour/backups.ts";
import { createVolume } from "../../behaviour/create-volume.ts";
import { requireGroup } from "../../state/groups.ts";
import type { BackupRow, GroupRow, TypeRow } from "../../state/rows.ts";
import { requireType } from "../../state/types.ts";
import { readTexts, requireMember } from "../../wire/body.ts";
import { badRequest, notFoundById } from "../../wire/errors.ts";
import { ok } from "../../wire/replies.ts";
import type { CinderCall } from "../../wire/request.ts";
import { BOOLEAN, METADATA, NAME, parseBoolean, UUID_OR_NULL } from "../../wire/schemas.ts";
import { checkImageFits } from "./check-image.ts";
import { volumeView } from "./view.ts";

const CREATE = {
  type: "object",
  properties: {
    name: NAME,
    description: NAME,
    display_name: NAME,
    display_description: NAME,
    volume_type: { type: ["string", "null"] },
    metadata: METADATA,
    snapshot_id: UUID_OR_NULL,
    source_volid: UUID_OR_NULL,
    consistencygroup_id: UUID_OR_NULL,
    size: { type: ["integer", "string", "null"], pattern: "^[0-9]+$", minimum: 1, minLength: 1, maximum: 2147483647 },
    availability_zone: { type: ["string", "null"], minLength: 1, maxLength: 255 },
    multiattach: BOOLEAN,
    image_id: { type: ["string", "null"] },
    imageRef: { type: ["string", "null"] },
    backup_id: {},
    group_id: {},
  },
} as const satisfies Schema;

const STRICT_FROM = 53;
/** From 3.53 on nothing else may be in it. */
const STRICT_CREATE = {
  ...CREATE,
  properties: { ...CREATE.properties, backup_id: UUID_OR_NULL, group_id: UUID_OR_NULL },
  additionalProperties: false,
} as const satisfies Schema;

type WantedVolume = ValueOf<typeof CREATE>;

/** @throws Refusal 400 */
function requireSize({ size }: WantedVolume, { sourceGb, message }: VolumeSource): number {
  const sizeGb = size === undefined || size === null ? sourceGb : Number(size);
  if (sizeGb === 0) throw badRequest("Invalid input received: Volume size '0' must be an integer and greater than 0");
  if (sizeGb === undefined)
    throw badRequest(
      "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    );
  if (sourceGb !== undefined && sizeGb < sourceGb) throw badRequest(message(sizeGb));
  return sizeGb;
}

/** @throws Refusal 400 */
function requireZone({ cinder }: CinderCall, { availability_zone: wanted }: WantedVolume): string {
  const zone = wanted ?? cinder.cloud.zones[0] ?? "nova";
  if (!cinder.cloud.zones.includes(zone)) throw badRequest(`Availability zone '${zone}' is invalid.`);
  return zone;
}

/** POST /volumes. Checks in Cinder's order. */
export function createVolumeRoute(call: CinderCall): HttpReply {
  const { cinder, actor, version, requestId } = call;
  const fields = requireMember(call, "volume", version >= STRICT_FROM ? STRICT_CREATE : CREATE);
  const { name = null, description = null } = readTexts(fields);
  const type = requireType(call, fields.volume_type);
  const source = requireSource(call, fields);
  const group = requireGroupOf(call, fields.group_id, type);
  const image = requireImage(call, fields.imageRef ?? fields.image_id);
  if (parseBoolean(fields.multiattach) === true) throw badRequest(NO_MULTIATTACH);
  const sizeGb = requireSize(fields, source);
  checkImageFits(image, sizeGb);
  const zone = requireZone(call, fields);
  const { snapshotId, sourceId } = source;
  const metadata = fields.metadata ?? {};
  const groupId = group?.id ?? null;
  const wanted = { sizeGb, name, description, zone, type, image, snapshotId, sourceId, groupId, metadata, requestId };
  const row = createVolume(cinder, actor, wanted);
  if (source.backup !== undefined) startRestore(cinder, source.backup, row);
  return ok({ volume: volumeView(call, row, true) }, 202);
}

/** The group that a volume is to belong to. @throws Refusal 400, 404 */
function requireGroupOf({ cinder, actor }: CinderCall, wanted: unknown, type: TypeRow): GroupRow | undefined {
  if (!wanted) return undefined;
  const group = requireGroup(cinder, actor, String(wanted));
  if (!["available", "creating"].includes(group.status))
    throw badRequest("Invalid Group: Originating group status must be one of 'available, creating' values");
  if (!group.volumeTypeIds.includes(type.id))
    throw badRequest(
      `Invalid input received: Invalid volume_type provided: ${type.id} (requested type must be supported by this group).`,
    );
  return group;
}

const NO_MULTIATTACH =
  "multiattach parameter has been removed. The default behavior is to use multiattach enabled volume types. Contact your administrator to create a multiattach enabled volume type and use it to create multiattach volumes.";

interface VolumeSource {
  /** Whose data is copied once the volume is there. */
  readonly backup: BackupRow | undefined;
  readonly snapshotId: string | null;
  readonly sourceId: string | null;
  readonly sourceGb: number | undefined;
  readonly message: (sizeGb: number) => string;
}

/** @throws Refusal 400, 404 */
function requireSource({ cinder, actor }: CinderCall, fields: WantedVolume): VolumeSource {
  const sees = (row: { readonly projectId: string } | undefined): boolean => row !== undefined && controls(actor, row);
  const snapshot = cinder.slot.value.snapshots.get(String(fields.snapshot_id));
  if (fields.snapshot_id && !sees(snapshot)) throw notFoundById("Snapshot", String(fields.snapshot_id));
  if (snapshot !== undefined && snapshot.status !== "available")
    throw badRequest("Invalid snapshot: Originating snapshot status must be one of 'available' values");
  const volume = cinder.slot.value.volumes.get(String(fields.source_volid));
  if (fields.source_volid && !sees(volume)) throw notFoundById("Volume", String(fields.source_volid));
  if (fields.consistencygroup_id) throw notFoundById("Group", String(fields.consistencygroup_id));
  const backup = cinder.slot.value.backups.get(String(fields.backup_id));
  if (fields.backup_id && !sees(backup)) throw notFoundById("Backup", String(fields.backup_id));
  if (backup !== undefined && backup.status !== "available")
    throw badRequest("Invalid backup: Originating backup status must be one of 'available' values");
  return {
    snapshotId: snapshot?.id ?? null,
    sourceId: volume?.id ?? null,
    backup,
    sourceGb: snapshot?.sizeGb ?? volume?.sizeGb ?? backup?.sizeGb,
    message: (sizeGb) =>
      backup !== undefined
        ? `Invalid input received: Volume size '${sizeGb}'GB cannot be smaller than the backup size ${backup.sizeGb}GB. They must be >= original backup size.`
        : snapshot === undefined
          ? `Invalid input received: Volume size '${sizeGb}'GB cannot be smaller than original volume size  ${volume?.sizeGb}GB. They must be >= original volume size.`
          : `Invalid input received: Volume size '${sizeGb}'GB cannot be smaller than the snapshot size ${snapshot.sizeGb}GB. They must be >= original snapshot size.`,
  };
}

/** @throws Refusal 400 */
function requireImage({ cinder, actor }: CinderCall, wanted: unknown): ImageView | undefined {
  if (wanted === undefined || wanted === null) return undefined;
  const image = cinder.cloud.images.image(actor, String(wanted).split("/").at(-1) ?? "");
  if (image === undefined) throw badRequest("Invalid image identifier or unable to access requested image.");
  return image;
}
