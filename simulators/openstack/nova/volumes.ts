import type { HttpReply } from "../../kernel/index.ts";
import { nextDevice, startAttach, startDetach } from "./behaviour.ts";
import { badRequest, type Call, checkedBody, type NovaRoute, nothing, notFound, ok } from "./call.ts";
import { serverOf } from "./servers.ts";
import type { Server, VolumeLink } from "./state.ts";

const view = (server: Server, link: VolumeLink): object => ({
  id: link.volumeId,
  volumeId: link.volumeId,
  serverId: server.id,
  device: link.device,
});

function linkOf(call: Call): { server: Server; link: VolumeLink } {
  const server = serverOf(call);
  const volumeId = call.params.volume ?? "";
  const link = server.volumes.find((each) => each.volumeId === volumeId);
  if (link === undefined) throw notFound(`Instance ${server.id} is not attached to volume ${volumeId}`);
  return { server, link };
}

function attach(call: Call): HttpReply {
  const server = serverOf(call);
  const schema = {
    type: "object",
    properties: {
      volumeId: { type: "string", format: "uuid" },
      device: { type: ["string", "null"], pattern: "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$" },
    },
    required: ["volumeId"],
  };
  const { volumeAttachment: wanted } = checkedBody(call, {
    type: "object",
    properties: { volumeAttachment: schema },
    required: ["volumeAttachment"],
  }) as {
    volumeAttachment: { volumeId: string; device?: string | null };
  };
  const { volumes } = call.nova.cloud;
  const volume = volumes.volume(call.actor, wanted.volumeId);
  if (volume === undefined) throw notFound(`Volume ${wanted.volumeId} could not be found.`);
  if (volume.status !== "available" && !volume.multiattach) {
    throw badRequest(
      `Invalid volume: volume ${volume.id} status must be available to attach, currently ${volume.status}`,
    );
  }
  const attachmentId = volumes.reserve(call.actor, volume.id, server.id);
  const link: VolumeLink = {
    volumeId: volume.id,
    attachmentId,
    device: wanted.device ?? nextDevice(server),
    isRoot: false,
    deleteOnTermination: false,
  };
  startAttach(call.nova, server, link);
  return ok({ volumeAttachment: view(server, link) });
}

function detach(call: Call): HttpReply {
  const { server, link } = linkOf(call);
  call.nova.cloud.volumes.beginDetach(call.actor, link.volumeId);
  startDetach(call.nova, server, link);
  return nothing(202);
}

export const VOLUME_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/servers/:id/os-volume_attachments",
    clients: ["bosh", "openstack"],
    handler: (call) => {
      const server = serverOf(call);
      return ok({ volumeAttachments: server.volumes.map((link) => view(server, link)) });
    },
  },
  { method: "POST", path: "/servers/:id/os-volume_attachments", clients: ["bosh", "openstack"], handler: attach },
  {
    method: "GET",
    path: "/servers/:id/os-volume_attachments/:volume",
    handler: (call) => {
      const { server, link } = linkOf(call);
      return ok({ volumeAttachment: view(server, link) });
    },
  },
  {
    method: "DELETE",
    path: "/servers/:id/os-volume_attachments/:volume",
    clients: ["bosh", "openstack"],
    handler: detach,
  },
];
