import type { HttpReply } from "../../../../kernel/index.ts";
import { type Upload, UPLOAD_MS } from "../../behaviour/upload-image.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { setStatus } from "../../state/volumes.ts";
import { member } from "../../wire/body.ts";
import { dated } from "../../wire/dates.ts";
import { badRequest, notFound } from "../../wire/errors.ts";
import { accepted, emptied, ok } from "../../wire/replies.ts";
import type { Call } from "../../wire/request.ts";
import { asBoolean, BOOLEAN, STRICT_METADATA } from "../../wire/schemas.ts";
import type { VolumeActions } from "./action.ts";

function setBootable(call: Call, row: VolumeRow): HttpReply {
  const { bootable } = member(call, "os-set_bootable", {
    type: "object",
    properties: { bootable: BOOLEAN },
    required: ["bootable"],
    additionalProperties: false,
  });
  row.bootable = asBoolean(bootable) === true;
  return { ...accepted(), status: 200 };
}

function setImageMetadata(call: Call, row: VolumeRow): HttpReply {
  const { metadata } = member(call, "os-set_image_metadata", {
    type: "object",
    properties: { metadata: STRICT_METADATA },
    required: ["metadata"],
    additionalProperties: false,
  });
  row.imageMetadata = { ...row.imageMetadata, ...(metadata as Record<string, string>) };
  return ok({ metadata: row.imageMetadata });
}

function unsetImageMetadata(call: Call, row: VolumeRow): HttpReply {
  const { key } = member(call, "os-unset_image_metadata", {
    type: "object",
    properties: { key: { type: "string", minLength: 1, maxLength: 255 } },
    required: ["key"],
    additionalProperties: false,
  });
  if (!Object.hasOwn(row.imageMetadata, String(key)))
    throw notFound(`Glance metadata for volume/snapshot ${row.id} cannot be found.`);
  row.imageMetadata = Object.fromEntries(Object.entries(row.imageMetadata).filter(([name]) => name !== key));
  return emptied(200);
}

const FORMATS = ["raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop"];

function uploadImage(call: Call, row: VolumeRow): HttpReply {
  const { cinder, actor, version } = call;
  const fields = member(call, "os-volume_upload_image", {
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
  const isForced = asBoolean(fields.force) === true && row.status === "in-use";
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
  const end: Upload = { id: row.id, imageId: image.id };
  kernel.timer(kernel.work(UPLOAD_MS), "cinder/uploaded", end);
  return ok(
    {
      "os-volume_upload_image": {
        id: row.id,
        updated_at: dated(updated),
        status: "uploading",
        display_description: row.description,
        size: row.sizeGb,
        volume_type: typeOf(call, row),
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

function typeOf({ cinder }: Call, row: VolumeRow): object {
  const type = cinder.slot.value.types.get(row.typeId);
  return {
    id: row.typeId,
    name: type?.name,
    description: type?.description ?? null,
    is_public: type?.isPublic,
    extra_specs: type?.extraSpecs,
    qos_specs_id: null,
    created_at: dated(type?.createdMs ?? null),
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
