import type { HttpReply } from "../../../../kernel/index.ts";
import { Refusal } from "../../../refusal.ts";
import { addAttachment, CANNOT_DETACH, endAttachments, refuseNovaAttachment } from "../../behaviour/attachments.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { setStatus } from "../../state/volumes.ts";
import { readAction, requireMember } from "../../wire/body.ts";
import { connectionOf } from "../../behaviour/connections.ts";
import { badRequest, forbiddenByPolicy } from "../../wire/errors.ts";
import { acceptedReply, ok } from "../../wire/replies.ts";
import type { CinderCall } from "../../wire/request.ts";
import type { VolumeActions } from "./action.ts";
import type { Schema } from "../../../schema/schema.ts";

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

function beginDetaching({ cinder }: CinderCall, row: VolumeRow): HttpReply {
  if (row.status !== "in-use") throw badRequest(CANNOT_DETACH);
  refuseNovaAttachment(row);
  setStatus(cinder, row, "detaching");
  return acceptedReply();
}

function rollDetaching({ cinder }: CinderCall, row: VolumeRow): HttpReply {
  if (row.status === "detaching") setStatus(cinder, row, "in-use");
  return acceptedReply();
}

const ATTACH = {
  type: "object",
  properties: { instance_uuid: {}, mountpoint: {}, host_name: {} },
} as const satisfies Schema;

function attach(call: CinderCall, row: VolumeRow): HttpReply {
  const { cinder } = call;
  const fields = requireMember(call, "os-attach", ATTACH);
  if (!["available", "attaching"].includes(row.status))
    throw badRequest(`Invalid volume: Volume status must be available or attaching, but is ${row.status}.`);
  const attachment = {
    serverId: String(fields.instance_uuid ?? ""),
    device: String(fields.mountpoint ?? ""),
    host: typeof fields.host_name === "string" ? fields.host_name : null,
    attachedMs: cinder.cloud.kernel.nowMs,
    isNova: false,
  };
  addAttachment(cinder, row, attachment, "in-use");
  return acceptedReply();
}

function detach(call: CinderCall, row: VolumeRow): HttpReply {
  const { cinder } = call;
  const { attachment_id: id } = requireMember(call, "os-detach", DETACH);
  refuseNovaAttachment(row);
  if (typeof id === "string" && !row.attachments.some((each) => each.id === id))
    throw new Refusal(
      409,
      "conflictingRequest",
      "ConflictNovaUsingAttachment: Detach volume from instance  using the Compute API",
    );
  endAttachments(cinder, row, () => true);
  return acceptedReply();
}

const DETACH = { type: "object", properties: { attachment_id: {} } } as const satisfies Schema;

const FORCE_DETACH = {
  type: "object",
  properties: { attachment_id: { type: ["string", "null"] }, connector: { type: ["object", "null"] } },
  additionalProperties: false,
} as const satisfies Schema;

/** Ends one attachment, or the only one, whatever the status. */
function forceDetach(call: CinderCall, row: VolumeRow): HttpReply {
  if (!call.actor.isAdmin) throw forbiddenByPolicy("volume_extension:volume_admin_actions:force_detach");
  const fields = requireMember(call, "os-force_detach", FORCE_DETACH);
  refuseNovaAttachment(row);
  const { attachments } = row;
  const id = fields.attachment_id ?? (attachments.length === 1 ? attachments[0]?.id : undefined);
  if (!attachments.some((each) => each.id === id))
    throw badRequest("Unable to detach volume: no attachment of the volume has this id.");
  endAttachments(call.cinder, row, (each) => each.id === id);
  return acceptedReply();
}

const CONNECTOR = { type: "object", properties: { connector: {} } } as const satisfies Schema;

/** @throws Refusal 400 */
function checkConnector(call: CinderCall): void {
  const [name] = readAction(call);
  const { connector } = requireMember(call, name, CONNECTOR);
  if (typeof connector !== "object" || connector === null || !("initiator" in connector))
    throw badRequest("Invalid input received: Connector doesn't have required information: initiator");
}

function initializeConnection(call: CinderCall, row: VolumeRow): HttpReply {
  checkConnector(call);
  return ok({ connection_info: connectionOf(call.cinder, row) });
}

function terminateConnection(call: CinderCall): HttpReply {
  checkConnector(call);
  return acceptedReply();
}

/** The actions that Nova's older releases called; today it requests attachments. */
export const ATTACH_ACTIONS: VolumeActions = {
  "os-reserve": reserve,
  "os-unreserve": unreserve,
  "os-begin_detaching": beginDetaching,
  "os-roll_detaching": rollDetaching,
  "os-attach": attach,
  "os-detach": detach,
  "os-force_detach": forceDetach,
  "os-initialize_connection": initializeConnection,
  "os-terminate_connection": terminateConnection,
};
