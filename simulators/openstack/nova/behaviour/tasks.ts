import { type Nova, recordChange } from "../state/nova.ts";
import type { Server, VmState } from "../state/server.ts";
import { setMigration } from "../state/migrations.ts";
import { findServer, setFlavor, touchServer } from "../state/servers.ts";
import { moveServer } from "./move.ts";

/** The visible state of a task, and the state `vm` in which it ends. */
export interface TaskEnd {
  readonly id: string;
  /** The task state while it lasts; null for none. */
  readonly task: string | null;
  readonly vm: VmState;
  /** Further work at the end. */
  readonly effect: "" | "confirm" | "revert" | "unshelved" | "moved";
  /** The host to which a server moves. */
  readonly host?: string;
}

/** Starts a task that ends after `workMs` (ms of simulated work) in the state `vm`. The caller records the change. */
export function startTask(
  nova: Nova,
  server: Server,
  task: string | null,
  workMs: number,
  vm: VmState,
  effect: TaskEnd["effect"] = "",
  host?: string,
): void {
  const { kernel } = nova.cloud;
  server.task = task;
  touchServer(nova, server);
  const end: TaskEnd = { id: server.id, task, vm, effect, ...(host !== undefined && { host }) };
  kernel.timer(kernel.work(workMs), "nova.task", end);
}

/** Ends a task, unless another has taken its place. */
export function endTask(nova: Nova, { id, task, vm, effect, host }: TaskEnd): void {
  const server = findServer(nova, id);
  if (server === undefined || server.task !== task) return;
  applyEffect(nova, server, effect, host);
  if (vm !== "error" && server.extras?.fault !== undefined) delete server.extras.fault;
  server.vm = vm;
  server.task = null;
  touchServer(nova, server);
  const last = server.actions?.at(-1);
  if (last !== undefined) last.finishMs = nova.cloud.kernel.nowMs;
  recordChange(nova, "server.state", id, { vm, task });
}

function applyEffect(nova: Nova, server: Server, effect: TaskEnd["effect"], host: string | undefined): void {
  if (effect === "moved" && host !== undefined) {
    moveServer(nova, server, host);
    setMigration(nova, server.id, "finished");
  }
  if (effect === "unshelved") server.launchedMs = nova.cloud.kernel.nowMs;
  if (effect !== "revert" && effect !== "confirm") return;
  const flavor = server.extras?.oldFlavor;
  if (effect === "revert" && flavor !== undefined) setFlavor(nova, server, flavor);
  const oldHost = server.extras?.oldHost;
  if (oldHost !== undefined) {
    if (effect === "revert") moveServer(nova, server, oldHost);
    setMigration(nova, server.id, effect === "revert" ? "reverted" : "confirmed");
    delete server.extras?.oldHost;
  }
  delete server.extras?.oldFlavor;
  delete server.extras?.oldVm;
}
