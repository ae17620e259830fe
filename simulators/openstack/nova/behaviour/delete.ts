import { NOVA_POINTS } from "../faults.ts";
import { type Nova, recordChange } from "../state/nova.ts";
import { extrasOf, NO_NICS, NO_VOLUMES, type Server } from "../state/server.ts";
import { failServer, findServer, removeServer, touchServer } from "../state/servers.ts";
import { dropShelvedImage } from "./snapshot.ts";
import { WORK_MS } from "./work.ts";

/** Accepts a delete; without a host the server is gone at once. Returns false if it is already being deleted. */
export function startDelete(nova: Nova, server: Server): boolean {
  if (server.task === "deleting") return false;
  dropShelvedImage(nova, server);
  recordChange(nova, "server.delete", server.id);
  if (server.host === null && server.vm === "building") {
    releaseResources(nova, server);
    endDelete(nova, server.id);
  } else beginDeleting(nova, server);
  return true;
}

function beginDeleting(nova: Nova, server: Server): void {
  const { kernel } = nova.cloud;
  server.task = "deleting";
  touchServer(nova, server);
  const effect = kernel.faults.at(NOVA_POINTS.delete, { id: server.id, name: server.name });
  if (effect?.kind === "stuck") return;
  if (effect?.kind === "error") return failServer(nova, server, effect.code ?? 500, effect.message);
  kernel.timer(kernel.work(WORK_MS.delete), "nova.delete", { id: server.id });
}

/** Releases what the server holds: ports and volumes. */
function releaseResources(nova: Nova, server: Server): void {
  const { ports, volumes } = nova.cloud;
  const { nics, volumes: links } = server;
  // Removed first, as Neutron reports each port that goes.
  server.nics = NO_NICS;
  server.volumes = NO_VOLUMES;
  for (const { portId, isOwn } of nics) {
    if (isOwn) ports.remove(portId);
    else ports.unbind(portId);
  }
  for (const { volumeId, deleteOnTermination } of links) {
    volumes.detach(volumeId, server.id);
    if (deleteOnTermination) volumes.remove(volumeId);
  }
}

/** Removes the virtual machine and what it held; the record follows. */
export function terminateServer(nova: Nova, id: string): void {
  const server = findServer(nova, id);
  if (server === undefined || server.task !== "deleting") return;
  const { kernel } = nova.cloud;
  releaseResources(nova, server);
  server.vm = "deleted";
  server.task = null;
  extrasOf(server).terminatedMs = kernel.nowMs;
  touchServer(nova, server);
  recordChange(nova, "server.terminate", id);
  kernel.timer(kernel.work(WORK_MS.gone), "nova.gone", { id });
}

/** Removes the record. */
export function endDelete(nova: Nova, id: string): void {
  const server = findServer(nova, id);
  if (server === undefined) return;
  server.vm = "deleted";
  server.task = null;
  removeServer(nova, server);
  recordChange(nova, "server.gone", id);
}

/** Lets the fault point `nova:server.live` act on a server that is being read. Returns whether it still exists. */
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
