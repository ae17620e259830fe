import { type Nova, recordChange } from "../state/nova.ts";
import type { Server } from "../state/server.ts";
import { failServer, findServer, touchServer } from "../state/servers.ts";
import { WORK_MS } from "./work.ts";

/** Turns a server to ERROR because its build was abandoned. */
export const failBuild = (nova: Nova, server: Server, reason: string): void =>
  failServer(nova, server, 500, `Build of instance ${server.id} aborted: ${reason}`);

/** Starts the virtual machine of a server that has its ports and volumes. */
export function startSpawn(nova: Nova, server: Server): void {
  const { kernel } = nova.cloud;
  server.task = "spawning";
  touchServer(nova, server);
  const workMs = kernel.random("openstack/nova-work").lognormal(WORK_MS.spawn, 0.2);
  kernel.timer(kernel.work(workMs), "nova.spawned", { id: server.id });
}

/** Turns the server ACTIVE, unless it was deleted or reset meanwhile. */
export function endSpawn(nova: Nova, id: string): void {
  const server = findServer(nova, id);
  if (server === undefined || server.task !== "spawning") return;
  server.vm = "active";
  server.task = null;
  server.launchedMs = nova.cloud.kernel.nowMs;
  touchServer(nova, server);
  recordChange(nova, "server.active", id);
}
