import { Refusal } from "../../common/refusal.ts";
import { NOVA_POINTS } from "../faults.ts";
import { HOST } from "../state/host.ts";
import type { Nova } from "../state/nova.ts";
import { ownerOf, type Server, type VolumeLink } from "../state/server.ts";
import { fail, find, touch } from "../state/servers.ts";
import { plug, type WantedNic } from "./interfaces.ts";
import { misfit } from "./scheduler.ts";
import { nextDevice } from "./volumes.ts";
import { WORK } from "./work.ts";

/** Asked of a volume before a build gives up, with WORK.volumePoll between (60 × 3 s on a real cloud). */
const VOLUME_TRIES_MAX = 600;

/** A block device as the boot request asked for it. */
export interface WantedVolume {
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
  readonly nics: readonly WantedNic[];
  readonly groupIds: readonly string[] | null;
  readonly volumes: readonly WantedVolume[];
}

export interface AwaitVolumes {
  readonly id: string;
  readonly links: readonly VolumeLink[];
  readonly tries: number;
}

/** Starts to build a server that has been accepted. */
export function startBuild(nova: Nova, build: Build): void {
  const { kernel } = nova.cloud;
  const effect = kernel.faults.at(NOVA_POINTS.build, { id: build.id, name: find(nova, build.id)?.name ?? "" });
  if (effect?.kind === "stuck") return;
  if (effect?.kind === "error") {
    const server = find(nova, build.id);
    if (server !== undefined) fail(nova, server, effect.code ?? 500, effect.message);
    return;
  }
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  kernel.timer(kernel.work(WORK.schedule) + delayMs, "nova.schedule", build);
}

const aborted = (server: Server, reason: string): string => `Build of instance ${server.id} aborted: ${reason}`;

export function schedule(nova: Nova, build: Build): void {
  const server = find(nova, build.id);
  if (server === undefined || server.task !== "scheduling") return;
  const refusal = misfit(nova, server);
  if (refusal !== undefined) return fail(nova, server, 500, refusal);
  server.isScheduled = true;
  server.task = "networking";
  try {
    server.nics = build.nics.map((wanted) => plug(nova, server, wanted, build.groupIds));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return fail(nova, server, 500, aborted(server, networkFailure(build, error)));
  }
  try {
    const links = build.volumes.map((wanted) => volumeFor(nova, server, wanted));
    server.volumes = links.toSorted((a, b) => Number(b.isRoot) - Number(a.isRoot));
    if (links.length > 0) return awaitVolumes(nova, { id: server.id, links, tries: 0 });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return fail(nova, server, 500, aborted(server, error.message));
  }
  spawn(nova, server);
}

function spawn(nova: Nova, server: Server): void {
  const { kernel } = nova.cloud;
  server.task = "spawning";
  touch(nova, server);
  kernel.timer(kernel.work(kernel.random("openstack/nova-work").lognormal(WORK.spawn, 0.2)), "nova.spawned", {
    id: server.id,
  });
}

function networkFailure({ nics }: Build, error: Refusal): string {
  if (error.type === "InvalidIpForNetwork" || error.type === "InvalidIpForSubnet" || error.type === "InvalidInput") {
    const wanted = nics.find(({ fixedIp }) => fixedIp !== undefined);
    const what = `Fixed IP ${wanted?.fixedIp} is not a valid ip address for network ${wanted?.networkId}.`;
    return `Invalid input received: ${what}`;
  }
  return "Failed to allocate the network(s), not rescheduling.";
}

function volumeFor(nova: Nova, server: Server, wanted: WantedVolume): VolumeLink {
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
  const server = find(nova, id);
  if (server === undefined || server.task !== "networking") return;
  const { kernel, volumes } = nova.cloud;
  const statuses = links.map(({ volumeId }) => volumes.find(volumeId)?.status ?? "error");
  const bad = statuses.findIndex((status) => status.startsWith("error"));
  if (bad >= 0 || tries > VOLUME_TRIES_MAX) {
    const at = Math.max(0, bad);
    const what = `Volume ${links[at]?.volumeId} did not finish being created even after we waited ${Math.round((tries * WORK.volumePoll) / 1000)} seconds or ${tries} attempts. And its status is ${statuses[at]}.`;
    return fail(nova, server, 500, aborted(server, what));
  }
  if (statuses.some((status) => status !== "available" && status !== "in-use")) {
    kernel.timer(Math.max(1, kernel.work(WORK.volumePoll)), "nova.volumes", { id, links, tries: tries + 1 });
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
    return fail(nova, server, 500, aborted(server, error.message));
  }
  spawn(nova, server);
}

export function spawned(nova: Nova, id: string): void {
  const server = find(nova, id);
  if (server === undefined || server.task !== "spawning") return;
  const { kernel } = nova.cloud;
  server.vm = "active";
  server.task = null;
  server.launchedMs = kernel.nowMs;
  touch(nova, server);
  kernel.record("nova", "server.active", id);
}
