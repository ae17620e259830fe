import { Refusal } from "../../refusal.ts";
import type { Nova } from "../state/nova.ts";
import { ownerOf, type Server, type VolumeLink } from "../state/server.ts";
import { findServer } from "../state/servers.ts";
import { failBuild, startSpawn } from "./spawn.ts";
import { nextDevice } from "./volumes.ts";
import { WORK_MS } from "./work.ts";

/** How many times a build looks at a volume before it gives up, `WORK_MS.volumePoll` apart (60 × 3 s on a real cloud). */
const VOLUME_TRIES_MAX = 600;

/** A block device as the boot request asked for it. */
export interface BootVolume {
  readonly source: "image" | "volume" | "snapshot" | "blank";
  readonly sourceId: string;
  readonly sizeGb: number;
  readonly isRoot: boolean;
  readonly deleteOnTermination: boolean;
  readonly volumeType?: string;
  readonly tag?: string;
  readonly device?: string;
}

/** A booting server that waits for its volumes. */
export interface VolumeWait {
  readonly id: string;
  readonly links: readonly VolumeLink[];
  readonly tries: number;
}

/** Finds or creates the volumes of a server, each with a device of its own; the root comes first. @throws Refusal as Cinder */
export function takeVolumes(nova: Nova, server: Server, wanted: readonly BootVolume[]): readonly VolumeLink[] {
  const links: VolumeLink[] = [];
  for (const each of wanted) links.push(takeVolume(nova, server, each, links));
  return links.toSorted((a, b) => Number(b.isRoot) - Number(a.isRoot));
}

function takeVolume(nova: Nova, server: Server, wanted: BootVolume, others: readonly VolumeLink[]): VolumeLink {
  const volumeId = wanted.source === "volume" ? wanted.sourceId : createVolume(nova, server, wanted);
  const { isRoot, deleteOnTermination, tag } = wanted;
  const device = wanted.device ?? (isRoot ? "/dev/sda" : nextDevice(others));
  return { volumeId, attachmentId: "", device, isRoot, deleteOnTermination, ...(tag !== undefined && { tag }) };
}

function createVolume(nova: Nova, server: Server, wanted: BootVolume): string {
  const volume = nova.cloud.volumes.create(ownerOf(server), {
    sizeGb: wanted.sizeGb,
    name: "",
    ...(wanted.source === "image" && { imageId: wanted.sourceId }),
    ...(wanted.source === "snapshot" && { snapshotId: wanted.sourceId }),
    ...(wanted.volumeType !== undefined && { volumeType: wanted.volumeType }),
  });
  return volume.id;
}

/** Why the volumes can never be attached; `undefined` while they still may. */
function failureOf({ links, tries }: VolumeWait, statuses: readonly string[]): string | undefined {
  const bad = statuses.findIndex((status) => status.startsWith("error"));
  if (bad < 0 && tries <= VOLUME_TRIES_MAX) return undefined;
  const at = Math.max(0, bad);
  const waitedS = Math.round((tries * WORK_MS.volumePoll) / 1000);
  return `Volume ${links[at]?.volumeId} did not finish being created even after we waited ${waitedS} seconds or ${tries} attempts. And its status is ${statuses[at]}.`;
}

/** Waits for the volumes of a booting server, then attaches them. */
export function awaitVolumes(nova: Nova, wait: VolumeWait): void {
  const server = findServer(nova, wait.id);
  if (server === undefined || server.task !== "networking") return;
  const { kernel, volumes } = nova.cloud;
  const statuses = wait.links.map(({ volumeId }) => volumes.find(volumeId)?.status ?? "error");
  const failure = failureOf(wait, statuses);
  if (failure !== undefined) return failBuild(nova, server, failure);
  if (statuses.some((status) => status !== "available" && status !== "in-use")) {
    kernel.timer(Math.max(1, kernel.work(WORK_MS.volumePoll)), "nova.volumes", { ...wait, tries: wait.tries + 1 });
    return;
  }
  try {
    server.volumes = server.volumes.map((link) => attachNow(nova, server, link));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failBuild(nova, server, error.message);
  }
  startSpawn(nova, server);
}

function attachNow(nova: Nova, server: Server, link: VolumeLink): VolumeLink {
  const { volumes } = nova.cloud;
  const attachmentId = volumes.reserve(ownerOf(server), link.volumeId, server.id);
  volumes.attach(attachmentId, link.device, server.host ?? "");
  return { ...link, attachmentId };
}
