import type { HttpReply } from "../../../../kernel/index.ts";
import { type ImageUpload, UPLOAD_MS } from "../../behaviour/upload-image.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { setStatus } from "../../state/volumes.ts";
import { requireMember } from "../../wire/body.ts";
import { isoOrNull } from "../../wire/dates.ts";
import { badRequest, notFound } from "../../wire/errors.ts";
import { acceptedReply, emptyReply, ok } from "../../wire/replies.ts";
import type { CinderCall } from "../../wire/request.ts";
import { parseBoolean, BOOLEAN, STRICT_METADATA } from "../../wire/schemas.ts";
import type { VolumeActions } from "./action.ts";

function setBootable(call: CinderCall, row: VolumeRow): HttpReply {
  const { bootable } = requireMember(call, "os-set_bootable", {
    type: "object",
    properties: { bootable: BOOLEAN },
    required: ["bootable"],
    additionalProperties: false,
  });
  row.bootable = parseBoolean(bootable) === true;
  return { ...acceptedReply(), status: 200 };
}

function setImageMetadata(call: CinderCall, row: VolumeRow): HttpReply {
  const { metadata } = requireMember(call, "os-set_image_metadata", {
    type: "object",
    properties: { metadata: STRICT_METADATA },
    required: ["metadata"],
    additionalProperties: false,
  });
  row.imageMetadata = { ...row.imageMetadata, ...(metadata as Record<string, string>) };
  return ok({ metadata: row.imageMetadata });
}

function unsetImageMetadata(call: CinderCall, row: VolumeRow): HttpReply {
  const { key } = requireMember(call, "os-unset_image_metadata", {
    type: "object",
    properties: { key: { type: "string", minLength: 1, maxLength: 255 } },
    required: ["key"],
    additionalProperties: false,
  });
  if (!Object.hasOwn(row.imageMetadata, String(key)))
    throw notFound(`Glance metadata for volume/snapshot ${row.id} cannot be found.`);
  row.imageMetadata = Object.fromEntries(Object.entries(row.imageMetadata).filter(([name]) => name !== key));
  return emptyReply(200);
}

const FORMATS = ["raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop"];

function uploadImage(call: CinderCall, row: VolumeRow): HttpReply {
  const { cinder, actor, version } = call;
  const fields = requireMember(call, "os-volume_upload_image", {
    type: "object",
    properties: {
      image_name: { type: "string", minLength: 0, maxLength: 255 },
      force: BOOLEAN,
      disk_format: { type: "string", enum: FORMATS },
      container_format: { type: "string", minLength: 0, maxLength: 255 },
      ...(version >= 1 && { visibility: { type: "string", enum: ["community", "public", "private", "shared"] } }),
      ...(version >= 1 && { protected: BOOLEAN }),
    },
    required: ["image_name"],
    additionalProperties: false,
  });
  const isForced = parseBoolean(fields.force) === true && row.status === "in-use";
  if (row.status !== "available" && !isForced)
    throw badRequest(`Invalid volume: Volume ${row.id} status must be available`);
  const name = String(fields.image_name);
  const diskFormat = String(fields.disk_format ?? "raw");
  const containerFormat = String(fields.container_format ?? "bare");
  const image = cinder.cloud.images.create(actor, { name, diskFormat, containerFormat });
  row.statusBefore = row.status;
  const updated = row.updatedMs;
  setStatus(cinder, row, "uploading");
  const { kernel } = cinder.cloud;
  const end: ImageUpload = { id: row.id, imageId: image.id };
  kernel.timer(kernel.work(UPLOAD_MS), "cinder/uploaded", end);
  return ok(
    {
      "os-volume_upload_image": {
        id: row.id,
        updated_at: isoOrNull(updated),
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
      },
    },
    202,
  );
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
    created_at: isoOrNull(type?.createdMs ?? null),
    updated_at: null,
    deleted_at: null,
    deleted: false,
  };
}

export const IMAGE_ACTIONS: VolumeActions = {
  "os-set_bootable": setBootable,
  "os-set_image_metadata": setImageMetadata,
  "os-show_image_metadata": (_call, row) => ok({ metadata: row.imageMetadata }),
  "os-unset_image_metadata": unsetImageMetadata,
  "os-volume_upload_image": uploadImage,
};
