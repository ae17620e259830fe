import { NOVA_POINTS } from "../faults.ts";
import type { Actor } from "../../cloud.ts";
import { findHost, zoneOf } from "../state/host.ts";
import { addMigration, setMigration } from "../state/migrations.ts";
import { type Nova, recordChange } from "../state/nova.ts";
import { extrasOf, type Server, type VmState } from "../state/server.ts";
import { failServer, findServer, placeServer, touchServer } from "../state/servers.ts";

/*
 * Servers that change their host: moved cold (to be confirmed), moved while they run, or built again elsewhere because their host is down.
 */

/** A move in progress: of a running server, or of one whose host is down. */
export interface LiveMove {
  readonly id: string;
  readonly task: "migrating" | "rebuilding";
  readonly target: string;
  readonly vm: VmState;
}

/** Puts a server on another host, with its ports and volumes. */
export function moveServer(nova: Nova, server: Server, target: string): void {
  const host = findHost(nova, target);
  if (host === undefined || server.host === target) return;
  placeServer(nova, server, target);
  const { ports, volumes } = nova.cloud;
  const device = { deviceId: server.id, deviceOwner: `compute:${zoneOf(nova, host)}`, hostId: target };
  for (const { portId } of server.nics) ports.bind(portId, device);
  for (const { attachmentId } of server.volumes) volumes.moveAttachment(attachmentId, target);
  recordChange(nova, "server.move", server.id, { host: target });
}

/** Prepares a cold move or a resize to another host: `revertResize` brings it back. */
export function startColdMove(
  nova: Nova,
  server: Server,
  actor: Actor,
  {
    target,
    kind,
    oldFlavorId,
  }: { readonly target: string; readonly kind: "migration" | "resize"; readonly oldFlavorId: string },
): void {
  const source = server.host ?? "";
  extrasOf(server).oldHost = source;
  addMigration(nova, server, actor, { kind, source, target, oldFlavorId, status: "migrating" });
}

const WORK_MS = { migrating: 2500, rebuilding: 2000 } as const;

/** Starts to move a server while it runs, or away from a host that is down. */
export function startLiveMove(nova: Nova, server: Server, actor: Actor, target: string, task: LiveMove["task"]): void {
  const { kernel } = nova.cloud;
  const kind = task === "migrating" ? "live-migration" : "evacuation";
  const status = task === "migrating" ? "running" : "accepted";
  const source = server.host ?? "";
  addMigration(nova, server, actor, { kind, source, target, oldFlavorId: server.flavor.id, status });
  server.task = task;
  touchServer(nova, server);
  const effect = kernel.faults.at(NOVA_POINTS.move, { id: server.id, name: server.name, host: target });
  if (effect?.kind === "stuck") return;
  if (effect?.kind === "error") {
    setMigration(nova, server.id, "error");
    if (task === "rebuilding") return failServer(nova, server, effect.code ?? 500, effect.message);
    server.task = null;
    return;
  }
  const vm = server.vm === "error" ? "active" : server.vm;
  const move: LiveMove = { id: server.id, task, target, vm };
  kernel.timer(kernel.work(WORK_MS[task]), "nova.moved", move);
}

/** The server runs on its new host, unless the move was aborted meanwhile. */
export function endLiveMove(nova: Nova, { id, task, target, vm }: LiveMove): void {
  const server = findServer(nova, id);
  if (server === undefined || server.task !== task) return;
  moveServer(nova, server, target);
  setMigration(nova, id, task === "migrating" ? "completed" : "done");
  if (server.extras?.fault !== undefined) delete server.extras.fault;
  server.vm = vm;
  server.task = null;
  touchServer(nova, server);
  const last = server.actions?.at(-1);
  if (last !== undefined) last.finishMs = nova.cloud.kernel.nowMs;
  recordChange(nova, "server.state", id, { vm, task });
}
