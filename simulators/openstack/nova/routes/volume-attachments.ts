import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { ValueOf } from "../../schema/index.ts";
import { nextDevice, startAttachVolume, startDetachVolume } from "../behaviour/volumes.ts";
import { addInstanceAction } from "../state/instance-actions.ts";
import { recordChange } from "../state/nova.ts";
import type { Server, VmState, VolumeLink } from "../state/server.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, notFound, requireAdmin } from "../wire/errors.ts";
import { isTrueWord } from "../wire/formats.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { BOOLEAN, envelope, objectSchema, since, TAG } from "./schemas/parts.ts";
import { checkState, checkUnlocked } from "./servers/checks.ts";
import { requireServer } from "./servers/require-server.ts";

const view = ({ version }: NovaCall, server: Server, link: VolumeLink): object => ({
  ...(version < 89 && { id: link.volumeId }),
  volumeId: link.volumeId,
  serverId: server.id,
  device: link.device,
  ...(version >= 70 && { tag: link.tag ?? null }),
  ...(version >= 79 && { delete_on_termination: link.deleteOnTermination }),
  ...(version >= 89 && { attachment_id: link.attachmentId, bdm_uuid: link.attachmentId }),
});

/** @throws Refusal 404 */
function requireLink(call: NovaCall): { server: Server; link: VolumeLink } {
  const server = requireServer(call);
  const volumeId = call.params.volume ?? "";
  if (call.nova.cloud.volumes.volume(call.actor, volumeId) === undefined)
    throw notFound(`Volume ${volumeId} could not be found.`);
  const link = server.volumes.find((each) => each.volumeId === volumeId);
  if (link === undefined) throw notFound(`Instance ${server.id} is not attached to volume ${volumeId}`);
  return { server, link };
}

/** States in which volumes can be attached and detached. */
const ATTACHABLE: readonly VmState[] = ["active", "paused", "stopped", "resized", "shelved", "shelved_offloaded"];
const DEVICE = "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$";

const attachSchema = (version: number) =>
  envelope(
    "volumeAttachment",
    objectSchema(
      {
        volumeId: { type: "string", format: "uuid" },
        device: { type: ["string", "null"], pattern: DEVICE },
        ...since(version, 49, { tag: TAG }),
        ...since(version, 79, { delete_on_termination: BOOLEAN }),
      },
      ["volumeId"],
    ),
  );
type WantedAttachment = ValueOf<ReturnType<typeof attachSchema>>["volumeAttachment"];

/** Cinder's refusals as Nova passes them on. */
function rewordRefusal(error: unknown, { requestId }: NovaCall): unknown {
  if (!(error instanceof Refusal) || error.status !== 400) return error;
  // It passes this one on as it is.
  if (error.message.includes("in an error state"))
    return badRequest(`Invalid input received: ${error.message} (HTTP 400) (Request-ID: ${requestId})`);
  const message = `Invalid volume: Invalid input received: ${error.message} (HTTP 400) (Request-ID: ${requestId})`;
  return badRequest(message);
}

/** Reserves the volume for this server in Cinder; returns the id of the attachment. @throws Refusal 400, 404 */
function reserve(call: NovaCall, server: Server, volumeId: string): string {
  const { volumes } = call.nova.cloud;
  const volume = volumes.volume(call.actor, volumeId);
  if (volume === undefined) throw notFound(`Volume ${volumeId} could not be found.`);
  if (volume.multiattach && call.version < 60)
    throw badRequest("Multiattach volumes are only supported starting with compute API version 2.60.");
  checkState(server, "attach_volume", ATTACHABLE);
  const [other] = volume.attachments;
  if (other !== undefined && !volume.multiattach)
    throw badRequest(`Invalid volume: volume ${volume.id} is already attached to instances: ${other.serverId}`);
  try {
    return volumes.reserve(call.actor, volume.id, server.id);
  } catch (error) {
    throw rewordRefusal(error, call);
  }
}

/** The name of the device: only the letter of the requested one counts. */
function deviceFor(server: Server, wanted: string | null | undefined): string {
  const letters = wanted == null ? undefined : new RegExp(DEVICE).exec(wanted)?.[2];
  return letters === undefined ? nextDevice(server.volumes) : `/dev/sd${letters}`;
}

const linkTo = (server: Server, wanted: WantedAttachment, attachmentId: string): VolumeLink => ({
  volumeId: wanted.volumeId,
  attachmentId,
  device: deviceFor(server, wanted.device),
  isRoot: false,
  deleteOnTermination: isTrueWord(wanted.delete_on_termination ?? false),
  ...(wanted.tag !== undefined && { tag: wanted.tag }),
});

function attach(call: NovaCall): HttpReply {
  const { volumeAttachment: wanted } = requireBody(call, attachSchema(call.version));
  const server = requireServer(call);
  checkUnlocked(call, server);
  const link = linkTo(server, wanted, reserve(call, server, wanted.volumeId));
  startAttachVolume(call.nova, server, link);
  addInstanceAction(call, server, "attach_volume");
  return ok({ volumeAttachment: view(call, server, link) });
}

function detach(call: NovaCall): HttpReply {
  const { server, link } = requireLink(call);
  checkUnlocked(call, server);
  if (link.isRoot) throw badRequest("Cannot detach a root device volume");
  checkState(server, "detach_volume", ATTACHABLE);
  try {
    call.nova.cloud.volumes.beginDetach(call.actor, link.volumeId);
  } catch (error) {
    throw rewordRefusal(error, call);
  }
  startDetachVolume(call.nova, server, link);
  addInstanceAction(call, server, "detach_volume");
  return emptyReply(202);
}

/** From 2.85 on a member may say whether the volume goes with the server; moving data to another volume is not modelled. */
const CHANGE = envelope("volumeAttachment", {
  type: "object",
  properties: { volumeId: { type: "string", format: "uuid" }, delete_on_termination: BOOLEAN },
  required: ["volumeId"],
});

function change(call: NovaCall): HttpReply {
  const { server, link } = requireLink(call);
  const { volumeAttachment: wanted } = requireBody(call, CHANGE);
  const isSwap = call.version < 85 || wanted.volumeId !== link.volumeId;
  if (isSwap) requireAdmin(call, "os-volumes-attachments:swap");
  if (isSwap) throw new Refusal(501, "notImplemented", "not simulated: swapping the volume of an attachment");
  const deleteOnTermination = isTrueWord(wanted.delete_on_termination ?? link.deleteOnTermination);
  if (deleteOnTermination !== link.deleteOnTermination) {
    server.volumes = server.volumes.map((each) => (each === link ? { ...link, deleteOnTermination } : each));
    recordChange(call.nova, "volume.update", server.id, { volume: link.volumeId, deleteOnTermination });
  }
  return emptyReply(202);
}

/** A page of the attachments; the disk that came from an image counts, although it is not shown. */
function pageOf({ query }: NovaCall, server: Server): readonly VolumeLink[] {
  const hasLocalRoot = !server.volumes.some(({ isRoot }) => isRoot);
  const disks = [...(hasLocalRoot ? [undefined] : []), ...server.volumes];
  const offset = Number(query.getAll("offset").at(-1) ?? 0);
  const limit = query.getAll("limit").at(-1);
  const end = limit === undefined || limit === "" || Number(limit) === 0 ? undefined : offset + Number(limit);
  return disks.slice(offset, end).filter((link) => link !== undefined);
}

const path = "/servers/:id/os-volume_attachments";

/** Routes of the API reference, "Servers with volume attachments (os-volume_attachments)". */
export const VOLUME_ATTACHMENT_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path,
    clients: ["bosh", "openstack"],
    handler: (call) => {
      const server = requireServer(call);
      return ok({ volumeAttachments: pageOf(call, server).map((link) => view(call, server, link)) });
    },
  },
  { method: "POST", path, clients: ["bosh", "openstack"], handler: attach },
  {
    method: "GET",
    path: `${path}/:volume`,
    handler: (call) => {
      const server = requireServer(call);
      const link = server.volumes.find(({ volumeId }) => volumeId === call.params.volume);
      if (link === undefined) throw notFound(`Instance ${server.id} is not attached to volume ${call.params.volume}`);
      return ok({ volumeAttachment: view(call, server, link) });
    },
  },
  { method: "PUT", path: `${path}/:volume`, handler: change },
  { method: "DELETE", path: `${path}/:volume`, clients: ["bosh", "openstack"], handler: detach },
];
