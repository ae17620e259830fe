import { controls } from "../../cloud.ts";
import { refuseNovaAttachment } from "../behaviour/attachments.ts";
import type { Attachment, VolumeRow } from "../state/rows.ts";
import { notFoundById, notSimulated } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
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

const attachmentBrief = ({ volume, attachment }: AttachedVolume): Record<string, unknown> => ({
  id: attachment.id,
  status: attachment.device === null ? "reserved" : "attached",
  instance: attachment.serverId,
  volume_id: volume.id,
});
const attachmentView = (held: AttachedVolume): object => ({
  ...attachmentBrief(held),
  attached_at: held.attachment.device === null ? "" : storedTime(held.attachment.attachedMs),
  detached_at: "",
  attach_mode: "rw",
  connection_info: {},
});

function listAttachments(call: CinderCall): readonly AttachedVolume[] {
  const { volumes, byProject } = call.cinder.slot.value;
  const own = isForAllProjects(call) ? volumes.values() : (byProject.get(call.actor.projectId)?.values() ?? []);
  return [...own]
    .flatMap((volume) => volume.attachments.map((attachment) => ({ volume, attachment })))
    .filter(({ volume }) => !call.query.has("volume_id") || call.query.get("volume_id") === volume.id)
    .filter(
      ({ attachment }) => !call.query.has("instance_id") || call.query.get("instance_id") === attachment.serverId,
    );
}

/** Routes of the API reference, "Attachments". From 3.27 on; read only, as Nova attaches. */
export const ATTACHMENT_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/attachments",
    from: 27,
    clients: ["openstack"],
    handler: (call) => ok({ attachments: listAttachments(call).map(attachmentBrief) }),
  },
  {
    method: "GET",
    path: "/attachments/detail",
    from: 27,
    handler: (call) => ok({ attachments: listAttachments(call).map(attachmentView) }),
  },
  {
    method: "GET",
    path: "/attachments/:id",
    from: 27,
    clients: ["openstack"],
    handler: (call) => ok({ attachment: attachmentView(requireAttachment(call)) }),
  },
  {
    method: "DELETE",
    path: "/attachments/:id",
    from: 27,
    handler: (call) => {
      const { volume } = requireAttachment(call);
      refuseNovaAttachment(volume);
      throw notSimulated("deleting attachments: detach with the action os-detach");
    },
  },
  {
    method: "POST",
    path: "/attachments",
    from: 27,
    handler: () => {
      throw notSimulated("attachments of volumes without Nova");
    },
  },
];
