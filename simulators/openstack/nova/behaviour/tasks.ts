import { type Nova, recordChange } from "../state/nova.ts";
import type { Server, VmState } from "../state/server.ts";
import { findServer, setFlavor, touchServer } from "../state/servers.ts";

/** What a task shows, and the state `vm` in which it ends. */
export interface TaskEnd {
  readonly id: string;
  /** The task state while it lasts; null for none. */
  readonly task: string | null;
  readonly vm: VmState;
  /** What else happens at the end. */
  readonly effect: "" | "confirm" | "revert" | "unshelved";
}

/** Starts a task that ends after `workMs` (ms of simulated work) in the state `vm`. The caller records the change. */
export function startTask(
  nova: Nova,
  server: Server,
  task: string | null,
  workMs: number,
  vm: VmState,
  effect: TaskEnd["effect"] = "",
): void {
  const { kernel } = nova.cloud;
  server.task = task;
  touchServer(nova, server);
  const end: TaskEnd = { id: server.id, task, vm, effect };
  kernel.timer(kernel.work(workMs), "nova.task", end);
}

/** Ends a task, unless another has taken its place. */
export function endTask(nova: Nova, { id, task, vm, effect }: TaskEnd): void {
  const server = findServer(nova, id);
  if (server === undefined || server.task !== task) return;
  applyEffect(nova, server, effect);
  if (vm !== "error" && server.extras?.fault !== undefined) delete server.extras.fault;
  server.vm = vm;
  server.task = null;
  touchServer(nova, server);
  const last = server.actions?.at(-1);
  if (last !== undefined) last.finishMs = nova.cloud.kernel.nowMs;
  recordChange(nova, "server.state", id, { vm, task });
}

function applyEffect(nova: Nova, server: Server, effect: TaskEnd["effect"]): void {
  if (effect === "unshelved") server.launchedMs = nova.cloud.kernel.nowMs;
  if (effect !== "revert" && effect !== "confirm") return;
  const flavor = server.extras?.oldFlavor;
  if (effect === "revert" && flavor !== undefined) setFlavor(nova, server, flavor);
  delete server.extras?.oldFlavor;
  delete server.extras?.oldVm;
}
