import type { HttpReply } from "../../../../kernel/index.ts";
import { refuseNovaAttachment } from "../../behaviour/attachments.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { setStatus } from "../../state/volumes.ts";
import { requireMember } from "../../wire/body.ts";
import { badRequest, forbiddenByPolicy, notSimulated } from "../../wire/errors.ts";
import { acceptedReply } from "../../wire/replies.ts";
import type { CinderCall } from "../../wire/request.ts";
import type { VolumeActions } from "./action.ts";

function reserve({ cinder }: CinderCall, row: VolumeRow): HttpReply {
  if (row.status !== "available")
    throw badRequest(`Invalid volume: Volume status must be available to reserve, but the status is ${row.status}.`);
  setStatus(cinder, row, "attaching");
  return acceptedReply();
}

function unreserve({ cinder }: CinderCall, row: VolumeRow): HttpReply {
  if (row.status === "attaching") setStatus(cinder, row, row.attachments.length > 0 ? "in-use" : "available");
  return acceptedReply();
}

const NOT_ATTACHED =
  "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.";

function beginDetaching({ cinder }: CinderCall, row: VolumeRow): HttpReply {
  if (row.status !== "in-use") throw badRequest(NOT_ATTACHED);
  refuseNovaAttachment(row);
  setStatus(cinder, row, "detaching");
  return acceptedReply();
}

function rollDetaching({ cinder }: CinderCall, row: VolumeRow): HttpReply {
  if (row.status === "detaching") setStatus(cinder, row, "in-use");
  return acceptedReply();
}

function attach(call: CinderCall, row: VolumeRow): HttpReply {
  const { cinder } = call;
  const fields = requireMember(call, "os-attach", { type: "object" });
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
  return acceptedReply();
}

function detach({ cinder }: CinderCall, row: VolumeRow): HttpReply {
  refuseNovaAttachment(row);
  for (const { id } of row.attachments) cinder.slot.value.volumeByAttachment.delete(id);
  row.attachments = [];
  setStatus(cinder, row, "available");
  return acceptedReply();
}

/** Ends one attachment, or the only one, whatever the status. */
function forceDetach(call: CinderCall, row: VolumeRow): HttpReply {
  if (!call.actor.isAdmin) throw forbiddenByPolicy("volume_extension:volume_admin_actions:force_detach");
  const fields = requireMember(call, "os-force_detach", {
    type: "object",
    properties: { attachment_id: { type: ["string", "null"] }, connector: { type: ["object", "null"] } },
    additionalProperties: false,
  });
  refuseNovaAttachment(row);
  const { attachments } = row;
  const id = fields.attachment_id ?? (attachments.length === 1 ? attachments[0]?.id : undefined);
  if (!attachments.some((each) => each.id === id))
    throw badRequest("Unable to detach volume: no attachment of the volume has this id.");
  call.cinder.slot.value.volumeByAttachment.delete(String(id));
  row.attachments = attachments.filter((each) => each.id !== id);
  setStatus(call.cinder, row, row.attachments.length > 0 ? "in-use" : "available");
  return acceptedReply();
}

/** What Nova's older releases called; nowadays it asks for attachments. */
export const ATTACH_ACTIONS: VolumeActions = {
  "os-reserve": reserve,
  "os-unreserve": unreserve,
  "os-begin_detaching": beginDetaching,
  "os-roll_detaching": rollDetaching,
  "os-attach": attach,
  "os-detach": detach,
  "os-force_detach": forceDetach,
  "os-initialize_connection": () => {
    throw notSimulated("os-initialize_connection: attach volumes through Nova");
  },
};
