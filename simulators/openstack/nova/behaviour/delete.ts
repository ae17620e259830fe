import { NOVA_POINTS } from "../faults.ts";
import type { Nova } from "../state/nova.ts";
import { extrasOf, type Server } from "../state/server.ts";
import { removeServer, failServer, findServer, touchServer } from "../state/servers.ts";
import { dropShelvedImage } from "./snapshot.ts";
import { WORK_MS } from "./work.ts";

export function startDelete(nova: Nova, server: Server): void {
  const { kernel } = nova.cloud;
  if (server.task === "deleting") return;
  dropShelvedImage(nova, server);
  kernel.record("nova", "server.delete", server.id);
  if (!server.isScheduled && server.vm === "building") {
    releaseResources(nova, server);
    endDelete(nova, server.id);
    return;
  }
  server.task = "deleting";
  touchServer(nova, server);
  const effect = kernel.faults.at(NOVA_POINTS.delete, { id: server.id, name: server.name });
  if (effect?.kind === "stuck") return;
  if (effect?.kind === "error") return failServer(nova, server, effect.code ?? 500, effect.message);
  kernel.timer(kernel.work(WORK_MS.delete), "nova.delete", { id: server.id });
}

/** Lets go of what the server holds: ports, volumes. */
function releaseResources(nova: Nova, server: Server): void {
  const { ports, volumes } = nova.cloud;
  for (const { portId, isOwn } of server.nics) {
    if (isOwn) ports.remove(portId);
    else ports.unbind(portId);
  }
  for (const { volumeId, deleteOnTermination } of server.volumes) {
    volumes.detach(volumeId, server.id);
    if (deleteOnTermination) volumes.remove(volumeId);
  }
  server.nics = [];
  server.volumes = [];
}

export function terminateServer(nova: Nova, id: string): void {
  const server = findServer(nova, id);
  if (server === undefined || server.task !== "deleting") return;
  const { kernel } = nova.cloud;
  releaseResources(nova, server);
  server.vm = "deleted";
  server.task = null;
  extrasOf(server).terminatedMs = kernel.nowMs;
  touchServer(nova, server);
  kernel.timer(kernel.work(WORK_MS.gone), "nova.gone", { id });
}

export function endDelete(nova: Nova, id: string): void {
  const server = findServer(nova, id);
  if (server === undefined) return;
  server.vm = "deleted";
  server.task = null;
  removeServer(nova, server);
  nova.cloud.kernel.record("nova", "server.gone", id);
}

/** What faults do to a server that somebody looks at. Answers whether it is still there. */
export function isStillThere(nova: Nova, server: Server): boolean {
  const effect = nova.cloud.kernel.faults.at(NOVA_POINTS.live, { id: server.id, name: server.name });
  if (effect?.kind === "vanish") {
    releaseResources(nova, server);
    endDelete(nova, server.id);
    return false;
  }
  if (effect?.kind === "error") failServer(nova, server, effect.code ?? 500, effect.message);
  return true;
}
