import { NOVA_POINTS } from "../faults.ts";
import { type Nova, recordChange } from "../state/nova.ts";
import type { Server, VolumeLink } from "../state/server.ts";
import { findServer } from "../state/servers.ts";
import { WORK_MS } from "./work.ts";

/** The server and volume of an attachment that begins or ends. */
export interface AttachEnd {
  readonly serverId: string;
  readonly volumeId: string;
  readonly attachmentId: string;
  readonly device: string;
}

/** `b` … `z`, then `aa` …, as the kernel names disks; `a` is the root's. */
function diskLetters(index: number): string {
  const last = String.fromCharCode("a".charCodeAt(0) + (index % 26));
  return index < 26 ? last : diskLetters(Math.floor(index / 26) - 1) + last;
}

/** The first free `/dev/sdX` beside these volumes. The root has `a`. */
export function nextDevice(volumes: readonly Pick<VolumeLink, "device">[]): string {
  const used = new Set(volumes.map(({ device }) => device.replace(/^\/dev\/x?[a-z]?d/, "")));
  let index = 1;
  while (used.has(diskLetters(index))) index++;
  return `/dev/sd${diskLetters(index)}`;
}

/** Attaches a reserved volume to a server; it is in use a little later. */
export function startAttachVolume(nova: Nova, server: Server, link: VolumeLink): void {
  const { kernel } = nova.cloud;
  server.volumes = [...server.volumes, link];
  const { volumeId, attachmentId, device } = link;
  const end: AttachEnd = { serverId: server.id, volumeId, attachmentId, device };
  kernel.timer(kernel.work(WORK_MS.attach), "nova.attach", end);
  recordChange(nova, "volume.attach", server.id, { volume: volumeId, device });
}

/** Turns the volume to in-use. */
export function endAttachVolume(nova: Nova, { serverId, attachmentId, device }: AttachEnd): void {
  nova.cloud.volumes.attach(attachmentId, device, findServer(nova, serverId)?.host ?? "");
}

/** Starts to detach a volume; it is gone from the server a little later. */
export function startDetachVolume(nova: Nova, server: Server, link: VolumeLink): void {
  const { kernel } = nova.cloud;
  recordChange(nova, "volume.detach", server.id, { volume: link.volumeId });
  const effect = kernel.faults.at(NOVA_POINTS.detach, { server: server.id, volume: link.volumeId });
  if (effect?.kind === "stuck") return;
  const { volumeId, attachmentId, device } = link;
  const end: AttachEnd = { serverId: server.id, volumeId, attachmentId, device };
  kernel.timer(kernel.work(WORK_MS.attach), "nova.detach", end);
}

/** Frees the volume, unless other servers use it. */
export function endDetachVolume(nova: Nova, { serverId, volumeId }: AttachEnd): void {
  nova.cloud.volumes.detach(volumeId, serverId);
  const server = findServer(nova, serverId);
  if (server === undefined || !server.volumes.some((link) => link.volumeId === volumeId)) return;
  server.volumes = server.volumes.filter((link) => link.volumeId !== volumeId);
  recordChange(nova, "volume.detached", serverId, { volume: volumeId });
}
