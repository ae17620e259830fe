import type { Flavor } from "./flavor.ts";
import { removeInOrder } from "./in-order.ts";
import { type Nova, type NovaState, recordChange } from "./nova.ts";
import { extrasOf, type Server } from "./server.ts";

/** Deleted servers that are remembered, for `changes-since`, `deleted` and markers. */
const DELETED_SERVERS_MAX = 1000;

/** Adds a server to the live ones and counts it against its project's quota. */
export function addServer(nova: Nova, server: Server): void {
  const state = nova.slot.value;
  state.servers.set(server.id, server);
  let own = state.byProject.get(server.projectId);
  if (own === undefined) state.byProject.set(server.projectId, (own = new Map()));
  own.set(server.id, server);
  state.inOrder.push(server);
  const ordered = state.projectInOrder.get(server.projectId);
  if (ordered === undefined) state.projectInOrder.set(server.projectId, [server]);
  else ordered.push(server);
  countUsage(state, server, 1);
}

/** Moves a server from the live to the deleted ones; its share of the quota is free again. */
export function removeServer(nova: Nova, server: Server): void {
  const state = nova.slot.value;
  if (!state.servers.delete(server.id)) return;
  state.byProject.get(server.projectId)?.delete(server.id);
  removeInOrder(state.inOrder, server);
  removeInOrder(state.projectInOrder.get(server.projectId) ?? [], server);
  countUsage(state, server, -1);
  countRam(nova, server, -1);
  state.deletedServers.set(server.id, server);
  if (state.deletedServers.size <= DELETED_SERVERS_MAX) return;
  const [oldest] = state.deletedServers.keys();
  if (oldest !== undefined) state.deletedServers.delete(oldest);
}

/** Puts a server on a host; `null` takes it away from its own. */
export function placeServer(nova: Nova, server: Server, host: string | null): void {
  countRam(nova, server, -1);
  server.host = host;
  countRam(nova, server, 1);
}

function countRam(nova: Nova, { host, flavor }: Server, sign: 1 | -1): void {
  const { hostRam } = nova.slot.value;
  if (host !== null) hostRam.set(host, (hostRam.get(host) ?? 0) + sign * flavor.ram);
}

/** Changes a server's flavor and what it uses of the quota. */
export function setFlavor(nova: Nova, server: Server, flavor: Flavor): void {
  countUsage(nova.slot.value, server, -1);
  countRam(nova, server, -1);
  server.flavor = flavor;
  countUsage(nova.slot.value, server, 1);
  countRam(nova, server, 1);
}

function countUsage(state: NovaState, { projectId, flavor }: Server, sign: 1 | -1): void {
  let usage = state.usage.get(projectId);
  if (usage === undefined) state.usage.set(projectId, (usage = { instances: 0, cores: 0, ram: 0 }));
  usage.instances += sign;
  usage.cores += sign * flavor.vcpus;
  usage.ram += sign * flavor.ram;
}

/** Anybody's live server. */
export const findServer = (nova: Nova, id: string): Server | undefined => nova.slot.value.servers.get(id);

/** Sets `updated`. */
export function touchServer(nova: Nova, server: Server): void {
  server.updatedMs = nova.cloud.kernel.nowMs;
}

/** Turns a server to ERROR with a fault that its owner sees; `code` as an HTTP status. */
export function failServer(nova: Nova, server: Server, code: number, message: string): void {
  server.vm = "error";
  server.task = null;
  extrasOf(server).fault = { code, createdMs: nova.cloud.kernel.nowMs, message };
  touchServer(nova, server);
  recordChange(nova, "server.error", server.id, { message });
}
