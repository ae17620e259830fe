import { isDeepStrictEqual } from "node:util";
import type { HttpReply } from "../../../../kernel/index.ts";
import { startReimage } from "../../behaviour/reimage.ts";
import { startUploadImage } from "../../behaviour/upload-image.ts";
import { recordChange } from "../../state/cinder.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { requireMember } from "../../wire/body.ts";
import { storedTimeOrNull } from "../../wire/dates.ts";
import { badRequest, notFound, notFoundById } from "../../wire/errors.ts";
import { acceptedReply, emptyReply, ok } from "../../wire/replies.ts";
import type { CinderCall } from "../../wire/request.ts";
import { BOOLEAN, parseBoolean, STRICT_METADATA } from "../../wire/schemas.ts";
import { checkImageFits } from "../volumes/check-image.ts";
import type { VolumeActions } from "./action.ts";
import type { Schema } from "../../../schema/schema.ts";

function setBootable(call: CinderCall, row: VolumeRow): HttpReply {
  const { bootable } = requireMember(call, "os-set_bootable", {
    type: "object",
    properties: { bootable: BOOLEAN },
    required: ["bootable"],
    additionalProperties: false,
  });
  const isBootable = parseBoolean(bootable) === true;
  if (isBootable !== row.bootable) {
    row.bootable = isBootable;
    recordChange(call.cinder, "volume.bootable", row.id, { bootable: isBootable });
  }
  return { ...acceptedReply(), status: 200 };
}

/** Does nothing if the metadata stays the same. */
function changeImageMetadata({ cinder }: CinderCall, row: VolumeRow, next: Readonly<Record<string, string>>): void {
  if (isDeepStrictEqual(row.imageMetadata, next)) return;
  row.imageMetadata = next;
  recordChange(cinder, "volume.image-metadata", row.id, { keys: Object.keys(next) });
}

function setImageMetadata(call: CinderCall, row: VolumeRow): HttpReply {
  const { metadata } = requireMember(call, "os-set_image_metadata", {
    type: "object",
    properties: { metadata: STRICT_METADATA },
    required: ["metadata"],
    additionalProperties: false,
  });
  changeImageMetadata(call, row, { ...row.imageMetadata, ...metadata });
  return ok({ metadata: row.imageMetadata });
}

function unsetImageMetadata(call: CinderCall, row: VolumeRow): HttpReply {
  const { key } = requireMember(call, "os-unset_image_metadata", {
    type: "object",
    properties: { key: { type: "string", minLength: 1, maxLength: 255 } },
    required: ["key"],
    additionalProperties: false,
  });
  if (!Object.hasOwn(row.imageMetadata, key))
    throw notFound(`Glance metadata for volume/snapshot ${row.id} cannot be found.`);
  changeImageMetadata(
    call,
    row,
    Object.fromEntries(Object.entries(row.imageMetadata).filter(([name]) => name !== key)),
  );
  return emptyReply(200);
}

const FORMATS = ["raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop"] as const;
const VISIBILITIES = ["community", "public", "private", "shared"] as const;

const UPLOAD = {
  type: "object",
  properties: {
    image_name: { type: "string", minLength: 0, maxLength: 255 },
    force: BOOLEAN,
    disk_format: { type: "string", enum: FORMATS },
    container_format: { type: "string", minLength: 0, maxLength: 255 },
  },
  required: ["image_name"],
  additionalProperties: false,
} as const satisfies Schema;

/** From 3.1 on with visibility and protection, which have no effect here. */
const UPLOAD_1 = {
  ...UPLOAD,
  properties: {
    ...UPLOAD.properties,
    visibility: { type: "string", enum: VISIBILITIES },
    protected: BOOLEAN,
  },
} as const satisfies Schema;

function uploadImage(call: CinderCall, row: VolumeRow): HttpReply {
  const fields = requireMember(call, "os-volume_upload_image", call.version >= 1 ? UPLOAD_1 : UPLOAD);
  const isForced = parseBoolean(fields.force) === true && row.status === "in-use";
  if (row.status !== "available" && !isForced)
    throw badRequest(`Invalid volume: Volume ${row.id} status must be available`);
  const { image_name: name, disk_format: diskFormat = "raw", container_format: containerFormat = "bare" } = fields;
  const image = call.cinder.cloud.images.create(call.actor, { name, diskFormat, containerFormat });
  const before = row.updatedMs;
  startUploadImage(call.cinder, row, image.id);
  const shown = {
    id: row.id,
    updated_at: storedTimeOrNull(before),
    status: "uploading",
    display_description: row.description,
    size: row.sizeGb,
    volume_type: typeView(call, row),
    image_id: image.id,
    container_format: containerFormat,
    disk_format: diskFormat,
    image_name: name,
    protected: false,
    visibility: "shared",
  };
  return ok({ "os-volume_upload_image": shown }, 202);
}

function typeView({ cinder }: CinderCall, row: VolumeRow): object {
  const type = cinder.slot.value.types.get(row.typeId);
  return {
    id: row.typeId,
    name: type?.name,
    description: type?.description ?? null,
    is_public: type?.isPublic,
    extra_specs: type?.extraSpecs,
    qos_specs_id: null,
    created_at: storedTimeOrNull(type?.createdMs ?? null),
    updated_at: null,
    deleted_at: null,
    deleted: false,
  };
}

const REIMAGE = {
  type: "object",
  properties: { image_id: { type: "string" }, reimage_reserved: BOOLEAN },
  required: ["image_id"],
} as const;

/** Another image on the same volume, whose data it overwrites. @throws Refusal 400, 404 */
function reimage(call: CinderCall, row: VolumeRow): HttpReply {
  if (call.version < 68) throw notFound("The resource could not be found.");
  const { image_id: id, reimage_reserved: isReserved } = requireMember(call, "os-reimage", REIMAGE);
  const image = call.cinder.cloud.images.image(call.actor, id);
  if (image === undefined) throw notFoundById("Image", id);
  const allowed = ["available", "error", ...(parseBoolean(isReserved) === true ? ["reserved"] : [])];
  if (!allowed.includes(row.status)) {
    const last = allowed.at(-1);
    const words = `${allowed.slice(0, -1).join(", ")} or ${last}`;
    throw badRequest(`Invalid volume: Volume ${row.id} status must be ${words}, but current status is ${row.status}.`);
  }
  checkImageFits(image, row.sizeGb);
  startReimage(call.cinder, row, image);
  return acceptedReply();
}

/** Actions that concern both volumes and images. */
export const IMAGE_ACTIONS: VolumeActions = {
  "os-set_bootable": setBootable,
  "os-set_image_metadata": setImageMetadata,
  "os-show_image_metadata": (_call, row) => {
    if (Object.keys(row.imageMetadata).length === 0)
      throw notFound(`Glance metadata for volume/snapshot ${row.id} cannot be found.`);
    return ok({ metadata: row.imageMetadata });
  },
  "os-unset_image_metadata": unsetImageMetadata,
  "os-volume_upload_image": uploadImage,
  "os-reimage": reimage,
};
