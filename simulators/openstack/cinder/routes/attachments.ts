import { controls } from "../../cloud.ts";
import type { HttpReply } from "../../../kernel/index.ts";
import { addAttachment, checkReservable, endAttachments, refuseNovaAttachment } from "../behaviour/attachments.ts";
import { connectionOf } from "../behaviour/connections.ts";
import type { Attachment, VolumeRow } from "../state/rows.ts";
import { requireVolume, setStatus } from "../state/volumes.ts";
import { requireMember } from "../wire/body.ts";
import { badRequest, notFoundById } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import { type CinderCall, isForAllProjects } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { storedTime } from "../../time.ts";

interface AttachedVolume {
  readonly volume: VolumeRow;
  readonly attachment: Attachment;
}

/** @throws Refusal 404 */
function requireAttachment({ cinder, actor, params }: CinderCall): AttachedVolume {
  const id = params.id ?? "";
  const volume = cinder.slot.value.volumes.get(cinder.slot.value.volumeByAttachment.get(id) ?? "");
  const attachment = volume?.attachments.find((each) => each.id === id);
  if (volume === undefined || attachment === undefined || !controls(actor, volume))
    throw notFoundById("Volume attachment", id);
  return { volume, attachment };
}

function statusOf({ attachedMs, connector }: Attachment): string {
  if (attachedMs > 0) return "attached";
  return connector === undefined ? "reserved" : "attaching";
}

const brief = ({ volume, attachment }: AttachedVolume): Record<string, unknown> => ({
  id: attachment.id,
  status: statusOf(attachment),
  instance: attachment.serverId === "" ? null : attachment.serverId,
  volume_id: volume.id,
});

const view = ({ cinder }: CinderCall, held: AttachedVolume): object => {
  const { volume, attachment } = held;
  const { attachedMs, mode, connector, id } = attachment;
  return {
    ...brief(held),
    attached_at: attachedMs > 0 ? storedTime(attachedMs) : "",
    detached_at: "",
    attach_mode: mode ?? "rw",
    connection_info: connector === undefined ? {} : { ...connectionOf(cinder, volume, mode), attachment_id: id },
  };
};

function listAttachments(call: CinderCall): readonly AttachedVolume[] {
  const { volumes, byProject } = call.cinder.slot.value;
  const own = isForAllProjects(call) ? volumes.values() : (byProject.get(call.actor.projectId)?.values() ?? []);
  return [...own]
    .flatMap((volume) => volume.attachments.map((attachment) => ({ volume, attachment })))
    .filter(({ volume }) => !call.query.has("volume_id") || call.query.get("volume_id") === volume.id)
    .filter(({ attachment }) => !call.query.has("status") || call.query.get("status") === statusOf(attachment))
    .filter(
      ({ attachment }) => !call.query.has("instance_id") || call.query.get("instance_id") === attachment.serverId,
    );
}

const CONNECTOR = { type: ["object", "null"] } as const;
const CREATE = {
  type: "object",
  properties: {
    volume_uuid: { type: "string" },
    instance_uuid: { type: "string" },
    connector: CONNECTOR,
    mode: { type: "string", enum: ["rw", "ro"] },
  },
  required: ["volume_uuid"],
} as const;

/** A machine says what it is: from now on it may reach the data. */
function connect({ cinder }: CinderCall, { volume, attachment }: AttachedVolume, connector: object): void {
  const { host } = attachment;
  const named = "host" in connector && typeof connector.host === "string" ? connector.host : host;
  Object.assign(attachment, { connector: { ...connector }, host: named });
  setStatus(cinder, volume, "attaching");
}

function create(call: CinderCall): HttpReply {
  const { cinder, actor } = call;
  const fields = requireMember(call, "attachment", CREATE);
  const volume = requireVolume(cinder, actor, fields.volume_uuid);
  const mode = fields.mode ?? (volume.metadata.readonly === "True" ? "ro" : "rw");
  if (mode === "rw" && volume.metadata.readonly === "True")
    throw badRequest("Invalid input received: Volume is read-only, the attachment mode must be ro.");
  checkReservable(volume);
  const wanted = { serverId: fields.instance_uuid ?? "", device: null, host: null, attachedMs: 0, isNova: false, mode };
  const id = addAttachment(cinder, volume, wanted, "reserved");
  const attachment = volume.attachments.find((each) => each.id === id);
  if (attachment === undefined) throw new Error("cinder: a new attachment is missing");
  if (fields.connector && Object.keys(fields.connector).length > 0)
    connect(call, { volume, attachment }, fields.connector);
  return ok({ attachment: view(call, { volume, attachment }) });
}

function update(call: CinderCall): HttpReply {
  const held = requireAttachment(call);
  const { connector } = requireMember(call, "attachment", {
    type: "object",
    properties: { connector: { type: "object" } },
    required: ["connector"],
  });
  refuseNovaAttachment(held.volume);
  connect(call, held, connector);
  return ok({ attachment: view(call, held) });
}

/** From 3.44 on a client says when it uses the volume. @throws Refusal 400, 404 */
function complete(call: CinderCall): HttpReply {
  const { volume, attachment } = requireAttachment(call);
  requireMember(call, "os-complete", { type: ["object", "null"] });
  refuseNovaAttachment(volume);
  Object.assign(attachment, {
    attachedMs: call.cinder.cloud.kernel.nowMs,
    device: attachment.connector?.mountpoint ?? "/dev/vdb",
  });
  setStatus(call.cinder, volume, "in-use");
  return emptyReply(204);
}

function remove(call: CinderCall): HttpReply {
  const { volume, attachment } = requireAttachment(call);
  refuseNovaAttachment(volume);
  endAttachments(call.cinder, volume, (each) => each.id === attachment.id);
  return ok({ attachments: volume.attachments.map((each) => brief({ volume, attachment: each })) });
}

/** Routes of the API reference, "Attachments". From 3.27 on. */
export const ATTACHMENT_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/attachments",
    from: 27,
    clients: ["openstack"],
    handler: (call) => ok({ attachments: listAttachments(call).map(brief) }),
  },
  {
    method: "GET",
    path: "/attachments/detail",
    from: 27,
    handler: (call) => ok({ attachments: listAttachments(call).map((held) => view(call, held)) }),
  },
  {
    method: "GET",
    path: "/attachments/:id",
    from: 27,
    clients: ["openstack"],
    handler: (call) => ok({ attachment: view(call, requireAttachment(call)) }),
  },
  { method: "POST", path: "/attachments", from: 27, handler: create },
  { method: "PUT", path: "/attachments/:id", from: 27, handler: update },
  { method: "POST", path: "/attachments/:id/action", from: 44, handler: complete },
  { method: "DELETE", path: "/attachments/:id", from: 27, handler: remove },
];
