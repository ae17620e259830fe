import { type HttpReply, own } from "../../kernel/index.ts";
import { Refusal } from "../refusal.ts";
import type { Schema } from "../schema/index.ts";
import {
  accepted,
  asBoolean,
  badRequest,
  BOOLEAN,
  type Call,
  type CinderRoute,
  dated,
  denied,
  emptied,
  member,
  notFound,
  ok,
  readBody,
  STRICT_METADATA,
} from "./call.ts";
import { CINDER_POINTS } from "./faults.ts";
import { checkGigabytes } from "./quotas.ts";
import { findType, setStatus, use, type VolumeRow } from "./state.ts";
import { forceRemove, notSimulated, ownVolume } from "./volumes.ts";

/*
 * What is done to a volume by POST /volumes/{id}/action. Clients use extend, the image metadata, bootable, upload to an image
 * and, as administrators, the resets; reserve, attach and detach are what Nova's older releases called.
 */

type Action = (call: Call, row: VolumeRow) => HttpReply;

/** ms of simulated work. */
const UPLOAD_MS = 1000;
const EXTEND_MS = 300;
/** What the fake back end writes into an image, bytes. */
const UPLOAD_BYTES = 1024;

const RESETTABLE = [
  "creating",
  "available",
  "deleting",
  "error",
  "error_deleting",
  "error_managing",
  "managing",
  "attaching",
  "in-use",
  "detaching",
  "maintenance",
  "restoring-backup",
  "error_restoring",
  "reserved",
  "awaiting-transfer",
  "backing-up",
  "error_backing-up",
  "error_extending",
  "downloading",
  "uploading",
  "retyping",
  "extending",
];

const size: Schema = {
  type: ["integer", "string"],
  pattern: "^[0-9]+$",
  minimum: 1,
  minLength: 1,
  maximum: 2147483647,
};

function extend(call: Call, row: VolumeRow): HttpReply {
  const { cinder, version } = call;
  const fields = member(call, "os-extend", {
    type: "object",
    properties: { new_size: size },
    required: ["new_size"],
    additionalProperties: false,
  });
  const wanted = Number(fields.new_size);
  const isLive = version >= 42 && row.status === "in-use";
  if (row.status !== "available" && !isLive)
    throw badRequest(
      `Invalid volume: Volume ${row.id} status must be '{'status': 'available'}' to extend, currently ${row.status}.`,
    );
  if (wanted <= row.sizeGb)
    throw badRequest(
      `Invalid input received: New size for extend must be greater than current size. (current: ${row.sizeGb}, extended: ${wanted}).`,
    );
  checkGigabytes(cinder, row.projectId, wanted - row.sizeGb, wanted);
  const { kernel } = cinder.cloud;
  const effect = kernel.faults.at(CINDER_POINTS.extend, { id: row.id, name: row.name ?? "" });
  row.statusBefore = row.status;
  use(cinder, row.projectId, { gigabytes: wanted - row.sizeGb });
  setStatus(cinder, row, "extending");
  const sizeGb = effect?.kind === "error" ? row.sizeGb : wanted;
  const end = { id: row.id, from: row.sizeGb, to: sizeGb, wanted };
  if (effect?.kind !== "stuck") kernel.timer(kernel.work(EXTEND_MS), "cinder/extended", end);
  return accepted();
}

function resetStatus(call: Call, row: VolumeRow): HttpReply {
  if (!call.actor.isAdmin) throw denied("volume_extension:volume_admin_actions:reset_status");
  const fields = member(call, "os-reset_status", {
    type: "object",
    properties: {
      status: { type: ["string", "null"] },
      attach_status: { type: ["string", "null"] },
      migration_status: { type: ["string", "null"] },
    },
    additionalProperties: false,
  });
  const { status } = fields;
  if (typeof status !== "string") return accepted();
  if (!RESETTABLE.includes(status))
    throw badRequest(
      `Volume status: ${status} is invalid, valid statuses are: (${RESETTABLE.map((each) => `'${each}'`).join(", ")}).`,
    );
  if (status === "in-use" && row.attachments.length === 0)
    throw badRequest("Cannot reset-state to in-use because volume does not have any attachments.");
  setStatus(call.cinder, row, status);
  return accepted();
}

function reserve({ cinder }: Call, row: VolumeRow): HttpReply {
  if (row.status !== "available")
    throw badRequest(`Invalid volume: Volume status must be available to reserve, but the status is ${row.status}.`);
  setStatus(cinder, row, "attaching");
  return accepted();
}

function unreserve({ cinder }: Call, row: VolumeRow): HttpReply {
  if (row.status === "attaching") setStatus(cinder, row, row.attachments.length > 0 ? "in-use" : "available");
  return accepted();
}

const NOT_ATTACHED =
  "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.";

function beginDetaching({ cinder }: Call, row: VolumeRow): HttpReply {
  if (row.status !== "in-use") throw badRequest(NOT_ATTACHED);
  guardNova(row);
  setStatus(cinder, row, "detaching");
  return accepted();
}

function rollDetaching({ cinder }: Call, row: VolumeRow): HttpReply {
  if (row.status === "detaching") setStatus(cinder, row, "in-use");
  return accepted();
}

/** A volume that a server uses is detached through Nova, or data is lost. @throws Refusal 409 */
export function guardNova(row: VolumeRow): void {
  const used = row.attachments.find(({ isNova }) => isNova);
  if (used === undefined) return;
  const message = `ConflictNovaUsingAttachment: Detach volume from instance ${used.serverId} using the Compute API`;
  throw new Refusal(409, "conflictingRequest", message);
}

function attach(call: Call, row: VolumeRow): HttpReply {
  const { cinder } = call;
  const fields = member(call, "os-attach", { type: "object" });
  if (!["available", "attaching"].includes(row.status))
    throw badRequest(`Invalid volume: Volume status must be available or attaching, but is ${row.status}.`);
  const id = cinder.cloud.uuid("cinder");
  const attachment = {
    id,
    serverId: String(fields.instance_uuid ?? ""),
    device: String(fields.mountpoint ?? ""),
    host: (fields.host_name as string | undefined) ?? null,
    attachedMs: cinder.cloud.kernel.nowMs,
    isNova: false,
  };
  row.attachments = [...row.attachments, attachment];
  cinder.slot.value.volumeByAttachment.set(id, row.id);
  setStatus(cinder, row, "in-use");
  return accepted();
}

function detach({ cinder }: Call, row: VolumeRow): HttpReply {
  guardNova(row);
  for (const { id } of row.attachments) cinder.slot.value.volumeByAttachment.delete(id);
  row.attachments = [];
  setStatus(cinder, row, "available");
  return accepted();
}

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

/** Ends one attachment, or the only one, whatever the status. */
function forceDetach(call: Call, row: VolumeRow): HttpReply {
  if (!call.actor.isAdmin) throw denied("volume_extension:volume_admin_actions:force_detach");
  const fields = member(call, "os-force_detach", {
    type: "object",
    properties: { attachment_id: { type: ["string", "null"] }, connector: { type: ["object", "null"] } },
    additionalProperties: false,
  });
  guardNova(row);
  const { attachments } = row;
  const id = fields.attachment_id ?? (attachments.length === 1 ? attachments[0]?.id : undefined);
  if (!attachments.some((each) => each.id === id))
    throw badRequest("Unable to detach volume: no attachment of the volume has this id.");
  call.cinder.slot.value.volumeByAttachment.delete(String(id));
  row.attachments = attachments.filter((each) => each.id !== id);
  setStatus(call.cinder, row, row.attachments.length > 0 ? "in-use" : "available");
  return accepted();
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

export interface Upload {
  readonly id: string;
  readonly imageId: string;
}

/** The upload has ended: the image has its data, the volume its status again. */
export function endUpload(cinder: Call["cinder"], { id, imageId }: Upload): void {
  cinder.cloud.images.activate(imageId, UPLOAD_BYTES);
  const row = cinder.slot.value.volumes.get(id);
  if (row?.status === "uploading") setStatus(cinder, row, row.statusBefore);
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

const RETYPE_REFUSED =
  "Invalid volume: Retype needs volume to be in available or in-use state, not be part of an active migration or a consistency group, requested type has to be different that the one from the volume, and for in-use volumes front-end qos specs cannot change.";

function retype(call: Call, row: VolumeRow): HttpReply {
  const { cinder } = call;
  const fields = member(call, "os-retype", {
    type: "object",
    properties: {
      new_type: { type: "string" },
      migration_policy: { type: ["string", "null"], enum: ["on-demand", "never", null] },
    },
    required: ["new_type"],
    additionalProperties: false,
  });
  const type = findType(cinder, String(fields.new_type));
  if (type === undefined) throw notFound(`Volume type with name ${String(fields.new_type)} could not be found.`);
  if (!["available", "in-use"].includes(row.status) || type.id === row.typeId) throw badRequest(RETYPE_REFUSED);
  row.typeId = type.id;
  row.updatedMs = cinder.cloud.kernel.nowMs;
  return accepted();
}

const ACTIONS: Readonly<Record<string, Action>> = {
  "os-extend": extend,
  "os-reset_status": resetStatus,
  "os-reserve": reserve,
  "os-unreserve": unreserve,
  "os-begin_detaching": beginDetaching,
  "os-roll_detaching": rollDetaching,
  "os-attach": attach,
  "os-detach": detach,
  "os-set_bootable": setBootable,
  "os-update_readonly_flag": (call, row) => {
    const { readonly } = member(call, "os-update_readonly_flag", {
      type: "object",
      properties: { readonly: BOOLEAN },
      required: ["readonly"],
      additionalProperties: false,
    });
    row.metadata = { ...row.metadata, readonly: asBoolean(readonly) === true ? "True" : "False" };
    return accepted();
  },
  "os-set_image_metadata": setImageMetadata,
  "os-show_image_metadata": (_call, row) => ok({ metadata: row.imageMetadata }),
  "os-unset_image_metadata": unsetImageMetadata,
  "os-volume_upload_image": uploadImage,
  "os-retype": retype,
  "os-force_delete": (call, row) => {
    if (!call.actor.isAdmin) throw denied("volume_extension:volume_admin_actions:force_delete");
    forceRemove(call.cinder, row);
    return accepted();
  },
  "os-force_detach": forceDetach,
  "os-initialize_connection": () => {
    throw notSimulated("os-initialize_connection: attach volumes through Nova");
  },
  "os-migrate_volume": () => {
    throw notSimulated("os-migrate_volume: this cloud has one back end");
  },
};

export const ACTION_ROUTES: readonly CinderRoute[] = [
  {
    method: "POST",
    path: "/volumes/:id/action",
    clients: ["bosh", "openstack"],
    handler: (call) => {
      const body = readBody(call);
      const [name = ""] = typeof body === "object" && body !== null ? Object.keys(body) : [];
      const action = own(ACTIONS, name);
      if (action === undefined)
        throw badRequest(
          `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
        );
      return action(call, ownVolume(call));
    },
  },
];
