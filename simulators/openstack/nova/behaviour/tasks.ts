import type { Nova } from "../state/nova.ts";
import type { Server, VmState } from "../state/server.ts";
import { findServer, setFlavor, touchServer } from "../state/servers.ts";

export interface TaskEnd {
  readonly id: string;
  /** Null: nothing is shown while it lasts. */
  readonly task: string | null;
  readonly vm: VmState;
  /** What else happens. */
  readonly effect: "" | "confirm" | "revert" | "unshelved";
}

/** Sets a task that ends after `workMs` in a state of the server. */
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

export function endTask(nova: Nova, { id, task, vm, effect }: TaskEnd): void {
  const server = findServer(nova, id);
  if (server === undefined || server.task !== task) return;
  if (effect === "revert" && server.extras?.oldFlavor !== undefined) setFlavor(nova, server, server.extras.oldFlavor);
  if ((effect === "revert" || effect === "confirm") && server.extras !== undefined) {
    delete server.extras.oldFlavor;
    delete server.extras.oldVm;
  }
  if (effect === "unshelved") server.launchedMs = nova.cloud.kernel.nowMs;
  if (vm !== "error" && server.extras?.fault !== undefined) delete server.extras.fault;
  server.vm = vm;
  server.task = null;
  touchServer(nova, server);
  const last = server.actions?.at(-1);
  if (last !== undefined) last.finishMs = nova.cloud.kernel.nowMs;
  nova.cloud.kernel.record("nova", "server.state", id, { vm, task });
}
