import { NOVA_POINTS } from "../faults.ts";
import { HOST } from "../state/host.ts";
import type { Nova } from "../state/nova.ts";
import type { Server, VolumeLink } from "../state/server.ts";
import { findServer } from "../state/servers.ts";

export interface AttachEnd {
  readonly serverId: string;
  readonly volumeId: string;
  readonly attachmentId: string;
  readonly device: string;
}

/** The first free `/dev/sdX`; the root has `a`. */
export function nextDevice(server: Server): string {
  const used = new Set(server.volumes.map(({ device }) => device.at(-1)));
  for (let code = "b".charCodeAt(0); ; code++) {
    const letter = String.fromCharCode(code);
    if (!used.has(letter)) return `/dev/sd${letter}`;
  }
}

export function startAttachVolume(nova: Nova, server: Server, link: VolumeLink): void {
  const { kernel } = nova.cloud;
  server.volumes = [...server.volumes, link];
  const { volumeId, attachmentId, device } = link;
  const end: AttachEnd = { serverId: server.id, volumeId, attachmentId, device };
  kernel.timer(kernel.work(500), "nova.attach", end);
  kernel.record("nova", "volume.attach", server.id, { volume: volumeId, device });
}

export function endAttachVolume(nova: Nova, { attachmentId, device }: AttachEnd): void {
  nova.cloud.volumes.attach(attachmentId, device, HOST);
}

export function startDetachVolume(nova: Nova, server: Server, link: VolumeLink): void {
  const { kernel } = nova.cloud;
  kernel.record("nova", "volume.detach", server.id, { volume: link.volumeId });
  const effect = kernel.faults.at(NOVA_POINTS.detach, { server: server.id, volume: link.volumeId });
  if (effect?.kind === "stuck") return;
  const { volumeId, attachmentId, device } = link;
  const end: AttachEnd = { serverId: server.id, volumeId, attachmentId, device };
  kernel.timer(kernel.work(500), "nova.detach", end);
}

export function endDetachVolume(nova: Nova, { serverId, volumeId }: AttachEnd): void {
  nova.cloud.volumes.detach(volumeId, serverId);
  const server = findServer(nova, serverId);
  if (server !== undefined) server.volumes = server.volumes.filter((link) => link.volumeId !== volumeId);
}
