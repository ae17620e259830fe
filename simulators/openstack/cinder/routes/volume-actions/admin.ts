import type { HttpReply } from "../../../../kernel/index.ts";
import { startDeleteVolume } from "../../behaviour/delete-volume.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { setStatus } from "../../state/volumes.ts";
import { requireMember } from "../../wire/body.ts";
import { badRequest, forbiddenByPolicy } from "../../wire/errors.ts";
import { VOLUME_STATUSES } from "../../wire/formats.ts";
import { acceptedReply } from "../../wire/replies.ts";
import type { CinderCall } from "../../wire/request.ts";
import type { VolumeActions } from "./action.ts";

function resetStatus(call: CinderCall, row: VolumeRow): HttpReply {
  if (!call.actor.isAdmin) throw forbiddenByPolicy("volume_extension:volume_admin_actions:reset_status");
  const fields = requireMember(call, "os-reset_status", {
    type: "object",
    properties: {
      status: { type: ["string", "null"] },
      attach_status: { type: ["string", "null"] },
      migration_status: { type: ["string", "null"] },
    },
    additionalProperties: false,
  });
  const { status } = fields;
  if (typeof status !== "string") return acceptedReply();
  if (!VOLUME_STATUSES.includes(status))
    throw badRequest(
      `Volume status: ${status} is invalid, valid statuses are: (${VOLUME_STATUSES.map((each) => `'${each}'`).join(", ")}).`,
    );
  if (status === "in-use" && row.attachments.length === 0)
    throw badRequest("Cannot reset-state to in-use because volume does not have any attachments.");
  setStatus(call.cinder, row, status);
  return acceptedReply();
}

function forceDelete(call: CinderCall, row: VolumeRow): HttpReply {
  if (!call.actor.isAdmin) throw forbiddenByPolicy("volume_extension:volume_admin_actions:force_delete");
  startDeleteVolume(call.cinder, row);
  return acceptedReply();
}

/** The actions on volumes for administrators only. */
export const ADMIN_ACTIONS: VolumeActions = {
  "os-reset_status": resetStatus,
  "os-force_delete": forceDelete,
};
