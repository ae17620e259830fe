import { Refusal } from "../../common/refusal.ts";
import { NOVA_POINTS } from "../faults.ts";
import { HOST } from "../state/host.ts";
import type { Nova } from "../state/nova.ts";
import { ownerOf, type Server, type VolumeLink } from "../state/server.ts";
import { failServer, findServer, touchServer } from "../state/servers.ts";
import { plugNic, type BootNic } from "./interfaces.ts";
import { whyNoHost } from "./scheduler.ts";
import { nextDevice } from "./volumes.ts";
import { WORK_MS } from "./work.ts";

/** Asked of a volume before a build gives up, with WORK.volumePoll between (60 × 3 s on a real cloud). */
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

export interface Build {
  readonly id: string;
  readonly nics: readonly BootNic[];
  readonly groupIds: readonly string[] | null;
  readonly volumes: readonly BootVolume[];
}

export interface AwaitVolumes {
  readonly id: string;
  readonly links: readonly VolumeLink[];
  readonly tries: number;
}

/** Starts to build a server that has been accepted. */
export function startBuild(nova: Nova, build: Build): void {
  const { kernel } = nova.cloud;
  const effect = kernel.faults.at(NOVA_POINTS.build, { id: build.id, name: findServer(nova, build.id)?.name ?? "" });
  if (effect?.kind === "stuck") return;
  if (effect?.kind === "error") {
    const server = findServer(nova, build.id);
    if (server !== undefined) failServer(nova, server, effect.code ?? 500, effect.message);
    return;
  }
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  kernel.timer(kernel.work(WORK_MS.schedule) + delayMs, "nova.schedule", build);
}

const abortMessage = (server: Server, reason: string): string => `Build of instance ${server.id} aborted: ${reason}`;

export function scheduleServer(nova: Nova, build: Build): void {
  const server = findServer(nova, build.id);
  if (server === undefined || server.task !== "scheduling") return;
  const refusal = whyNoHost(nova, server);
  if (refusal !== undefined) return failServer(nova, server, 500, refusal);
  server.isScheduled = true;
  server.task = "networking";
  try {
    server.nics = build.nics.map((wanted) => plugNic(nova, server, wanted, build.groupIds));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failServer(nova, server, 500, abortMessage(server, networkFailureMessage(build, error)));
  }
  try {
    const links = build.volumes.map((wanted) => takeVolume(nova, server, wanted));
    server.volumes = links.toSorted((a, b) => Number(b.isRoot) - Number(a.isRoot));
    if (links.length > 0) return awaitVolumes(nova, { id: server.id, links, tries: 0 });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failServer(nova, server, 500, abortMessage(server, error.message));
  }
  startSpawn(nova, server);
}

function startSpawn(nova: Nova, server: Server): void {
  const { kernel } = nova.cloud;
  server.task = "spawning";
  touchServer(nova, server);
  kernel.timer(kernel.work(kernel.random("openstack/nova-work").lognormal(WORK_MS.spawn, 0.2)), "nova.spawned", {
    id: server.id,
  });
}

function networkFailureMessage({ nics }: Build, error: Refusal): string {
  if (error.type === "InvalidIpForNetwork" || error.type === "InvalidIpForSubnet" || error.type === "InvalidInput") {
    const wanted = nics.find(({ fixedIp }) => fixedIp !== undefined);
    const what = `Fixed IP ${wanted?.fixedIp} is not a valid ip address for network ${wanted?.networkId}.`;
    return `Invalid input received: ${what}`;
  }
  return "Failed to allocate the network(s), not rescheduling.";
}

function takeVolume(nova: Nova, server: Server, wanted: BootVolume): VolumeLink {
  const owner = ownerOf(server);
  const { volumes } = nova.cloud;
  const volumeId =
    wanted.source === "volume"
      ? wanted.sourceId
      : volumes.create(owner, {
          sizeGb: wanted.sizeGb,
          name: "",
          ...(wanted.source === "image" && { imageId: wanted.sourceId }),
          ...(wanted.source === "snapshot" && { snapshotId: wanted.sourceId }),
          ...(wanted.volumeType !== undefined && { volumeType: wanted.volumeType }),
        }).id;
  const tag = wanted.tag === undefined ? {} : { tag: wanted.tag };
  const { isRoot, deleteOnTermination } = wanted;
  const device = wanted.device ?? (isRoot ? "/dev/sda" : nextDevice(server));
  return { volumeId, attachmentId: "", device, isRoot, deleteOnTermination, ...tag };
}

/** Waits for the volumes of a booting server, then takes them. */
export function awaitVolumes(nova: Nova, { id, links, tries }: AwaitVolumes): void {
  const server = findServer(nova, id);
  if (server === undefined || server.task !== "networking") return;
  const { kernel, volumes } = nova.cloud;
  const statuses = links.map(({ volumeId }) => volumes.find(volumeId)?.status ?? "error");
  const bad = statuses.findIndex((status) => status.startsWith("error"));
  if (bad >= 0 || tries > VOLUME_TRIES_MAX) {
    const at = Math.max(0, bad);
    const what = `Volume ${links[at]?.volumeId} did not finish being created even after we waited ${Math.round((tries * WORK_MS.volumePoll) / 1000)} seconds or ${tries} attempts. And its status is ${statuses[at]}.`;
    return failServer(nova, server, 500, abortMessage(server, what));
  }
  if (statuses.some((status) => status !== "available" && status !== "in-use")) {
    kernel.timer(Math.max(1, kernel.work(WORK_MS.volumePoll)), "nova.volumes", { id, links, tries: tries + 1 });
    return;
  }
  try {
    server.volumes = server.volumes.map((link) => {
      const attachmentId = volumes.reserve(ownerOf(server), link.volumeId, server.id);
      volumes.attach(attachmentId, link.device, HOST);
      return { ...link, attachmentId };
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failServer(nova, server, 500, abortMessage(server, error.message));
  }
  startSpawn(nova, server);
}

export function endSpawn(nova: Nova, id: string): void {
  const server = findServer(nova, id);
  if (server === undefined || server.task !== "spawning") return;
  const { kernel } = nova.cloud;
  server.vm = "active";
  server.task = null;
  server.launchedMs = kernel.nowMs;
  touchServer(nova, server);
  kernel.record("nova", "server.active", id);
}
