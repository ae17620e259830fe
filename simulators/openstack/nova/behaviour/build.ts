import { Refusal } from "../../refusal.ts";
import { NOVA_POINTS } from "../faults.ts";
import { type Nova, recordChange } from "../state/nova.ts";
import type { Server } from "../state/server.ts";
import { failServer, findServer, placeServer } from "../state/servers.ts";
import { awaitVolumes, type BootVolume, takeVolumes } from "./boot-volumes.ts";
import { type BootNic, plugNic } from "./interfaces.ts";
import { chooseHost } from "./scheduler.ts";
import { failBuild, startSpawn } from "./spawn.ts";
import { WORK_MS } from "./work.ts";

/** An accepted server that is yet to be built. */
export interface Build {
  readonly id: string;
  readonly nics: readonly BootNic[];
  /** Null: the default group. */
  readonly groupIds: readonly string[] | null;
  readonly volumes: readonly BootVolume[];
}

/** Starts to build a server that has been accepted. */
export function startBuild(nova: Nova, build: Build): void {
  const { kernel } = nova.cloud;
  const server = findServer(nova, build.id);
  const effect = kernel.faults.at(NOVA_POINTS.build, { id: build.id, name: server?.name ?? "" });
  if (effect?.kind === "stuck") return;
  if (effect?.kind === "error") {
    if (server !== undefined) failServer(nova, server, effect.code ?? 500, effect.message);
    return;
  }
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  kernel.timer(kernel.work(WORK_MS.schedule) + delayMs, "nova.schedule", build);
}

/** Chooses the host, then takes ports and volumes. */
export function scheduleServer(nova: Nova, build: Build): void {
  const server = findServer(nova, build.id);
  if (server === undefined || server.task !== "scheduling") return;
  const forced = server.extras?.forcedHost;
  const placement = chooseHost(nova, server, forced === undefined ? {} : { host: forced });
  if ("refusal" in placement) return failServer(nova, server, 500, placement.refusal);
  placeServer(nova, server, placement.host.name);
  server.task = "networking";
  recordChange(nova, "server.schedule", server.id, { host: server.host });
  try {
    server.nics = build.nics.map((wanted) => plugNic(nova, server, wanted, build.groupIds));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failBuild(nova, server, networkFailureMessage(build, error));
  }
  prepareVolumes(nova, server, build);
}

function prepareVolumes(nova: Nova, server: Server, { volumes }: Build): void {
  try {
    server.volumes = takeVolumes(nova, server, volumes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failBuild(nova, server, error.message);
  }
  if (server.volumes.length === 0) return startSpawn(nova, server);
  awaitVolumes(nova, { id: server.id, links: server.volumes, tries: 0 });
}

function networkFailureMessage({ nics }: Build, error: Refusal): string {
  if (error.type === "InvalidIpForNetwork" || error.type === "InvalidIpForSubnet" || error.type === "InvalidInput") {
    const wanted = nics.find(({ fixedIp }) => fixedIp !== undefined);
    const what = `Fixed IP ${wanted?.fixedIp} is not a valid ip address for network ${wanted?.networkId}.`;
    return `Invalid input received: ${what}`;
  }
  return "Failed to allocate the network(s), not rescheduling.";
}
