import type { HttpReply } from "../../kernel/index.ts";
import { Refusal } from "../refusal.ts";
import { checkState, checkUnlocked, recordAction } from "./actions.ts";
import { nextDevice, startAttach, startDetach } from "./behaviour.ts";
import { badRequest, type Call, checkedBody, type NovaRoute, nothing, notFound, ok } from "./call.ts";
import { isTrue } from "./create.ts";
import { BOOLEAN, envelope, objectSchema, TAG } from "./schemas.ts";
import { serverOf } from "./servers.ts";
import type { Server, VmState, VolumeLink } from "./state.ts";

const view = ({ version }: Call, server: Server, link: VolumeLink): object => ({
  ...(version < 89 && { id: link.volumeId }),
  volumeId: link.volumeId,
  serverId: server.id,
  device: link.device,
  ...(version >= 70 && { tag: link.tag ?? null }),
  ...(version >= 79 && { delete_on_termination: link.deleteOnTermination }),
  ...(version >= 89 && { attachment_id: link.attachmentId, bdm_uuid: link.attachmentId }),
});

/** @throws Refusal 404 */
function linkOf(call: Call): { server: Server; link: VolumeLink } {
  const server = serverOf(call);
  const volumeId = call.params.volume ?? "";
  if (call.nova.cloud.volumes.volume(call.actor, volumeId) === undefined)
    throw notFound(`Volume ${volumeId} could not be found.`);
  const link = server.volumes.find((each) => each.volumeId === volumeId);
  if (link === undefined) throw notFound(`Instance ${server.id} is not attached to volume ${volumeId}`);
  return { server, link };
}

const ATTACHABLE: readonly VmState[] = ["active", "paused", "stopped", "resized", "shelved", "shelved_offloaded"];
const DEVICE = "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$";

const bodyFor = (version: number): ReturnType<typeof envelope> =>
  envelope(
    "volumeAttachment",
    objectSchema(
      {
        volumeId: { type: "string", format: "uuid" },
        device: { type: ["string", "null"], pattern: DEVICE },
        ...(version >= 49 && { tag: TAG }),
        ...(version >= 79 && { delete_on_termination: BOOLEAN }),
      },
      ["volumeId"],
    ),
  );

/** What Cinder says, as Nova passes it on. */
function reworded(error: unknown, { requestId }: Call): unknown {
  if (!(error instanceof Refusal) || error.status !== 400) return error;
  const message = `Invalid volume: Invalid input received: ${error.message} (HTTP 400) (Request-ID: ${requestId})`;
  return badRequest(message);
}

function attach(call: Call): HttpReply {
  const { volumeAttachment: wanted } = checkedBody(call, bodyFor(call.version)) as {
    volumeAttachment: { volumeId: string; device?: string | null; tag?: string; delete_on_termination?: unknown };
  };
  const server = serverOf(call);
  checkUnlocked(call, server);
  const { volumes } = call.nova.cloud;
  const volume = volumes.volume(call.actor, wanted.volumeId);
  if (volume === undefined) throw notFound(`Volume ${wanted.volumeId} could not be found.`);
  checkState(server, "attach_volume", ATTACHABLE);
  const [other] = volume.attachments;
  if (other !== undefined && !volume.multiattach)
    throw badRequest(`Invalid volume: volume ${volume.id} is already attached to instances: ${other.serverId}`);
  let attachmentId: string;
  try {
    attachmentId = volumes.reserve(call.actor, volume.id, server.id);
  } catch (error) {
    throw reworded(error, call);
  }
  const link: VolumeLink = {
    volumeId: volume.id,
    attachmentId,
    device: wanted.device ?? nextDevice(server),
    isRoot: false,
    deleteOnTermination: isTrue(wanted.delete_on_termination ?? false),
    ...(wanted.tag !== undefined && { tag: wanted.tag }),
  };
  startAttach(call.nova, server, link);
  recordAction(call, server, "attach_volume");
  return ok({ volumeAttachment: view(call, server, link) });
}

const DETACHABLE: readonly VmState[] = ["active", "paused", "stopped", "resized", "shelved", "shelved_offloaded"];

function detach(call: Call): HttpReply {
  const { server, link } = linkOf(call);
  checkUnlocked(call, server);
  if (link.isRoot) throw badRequest("Cannot detach a root device volume");
  checkState(server, "detach_volume", DETACHABLE);
  try {
    call.nova.cloud.volumes.beginDetach(call.actor, link.volumeId);
  } catch (error) {
    throw reworded(error, call);
  }
  startDetach(call.nova, server, link);
  recordAction(call, server, "detach_volume");
  return nothing(202);
}

/** From 2.85 on a member may say whether the volume goes with the server; moving data to another volume is not modelled. */
function change(call: Call): HttpReply {
  const { server, link } = linkOf(call);
  const { volumeAttachment: wanted } = checkedBody(
    call,
    envelope("volumeAttachment", {
      type: "object",
      properties: { volumeId: { type: "string", format: "uuid" }, delete_on_termination: BOOLEAN },
      required: ["volumeId"],
    }),
  ) as { volumeAttachment: { volumeId: string; delete_on_termination?: unknown } };
  if (call.version < 85 || wanted.volumeId !== link.volumeId)
    throw new Refusal(501, "notImplemented", "not simulated: swapping the volume of an attachment");
  link.deleteOnTermination = isTrue(wanted.delete_on_termination ?? link.deleteOnTermination);
  server.volumes = [...server.volumes];
  return nothing(202);
}

const path = "/servers/:id/os-volume_attachments";

export const VOLUME_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path,
    clients: ["bosh", "openstack"],
    handler: (call) => {
      const server = serverOf(call);
      return ok({ volumeAttachments: server.volumes.map((link) => view(call, server, link)) });
    },
  },
  { method: "POST", path, clients: ["bosh", "openstack"], handler: attach },
  {
    method: "GET",
    path: `${path}/:volume`,
    handler: (call) => {
      const server = serverOf(call);
      const link = server.volumes.find(({ volumeId }) => volumeId === call.params.volume);
      if (link === undefined) throw notFound(`Instance ${server.id} is not attached to volume ${call.params.volume}`);
      return ok({ volumeAttachment: view(call, server, link) });
    },
  },
  { method: "PUT", path: `${path}/:volume`, handler: change },
  { method: "DELETE", path: `${path}/:volume`, clients: ["bosh", "openstack"], handler: detach },
];
