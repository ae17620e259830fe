import type { HttpReply } from "../../../../kernel/index.ts";
import { startRemoval } from "../../behaviour/delete-volume.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { setStatus } from "../../state/volumes.ts";
import { member } from "../../wire/body.ts";
import { badRequest, denied } from "../../wire/errors.ts";
import { accepted } from "../../wire/replies.ts";
import type { Call } from "../../wire/request.ts";
import type { VolumeActions } from "./action.ts";

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

function forceDelete(call: Call, row: VolumeRow): HttpReply {
  if (!call.actor.isAdmin) throw denied("volume_extension:volume_admin_actions:force_delete");
  startRemoval(call.cinder, row);
  return accepted();
}

export const ADMIN_ACTIONS: VolumeActions = {
  "os-reset_status": resetStatus,
  "os-force_delete": forceDelete,
};
