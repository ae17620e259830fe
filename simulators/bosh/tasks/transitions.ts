import { type Director, nowSeconds } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { DirectorError } from "../wire/errors.ts";

/** Puts a task into a state, and sets its time of change. */
export function enterState(director: Director, task: Task, state: Task["state"]): void {
  task.state = state;
  task.timestamp = nowSeconds(director);
  task.changedMs = director.kernel.nowMs;
  recordState(director, task);
}

/** Records the state of a task in the journal. */
export function recordState(director: Director, task: Task): void {
  director.kernel.record("bosh", `task.${task.state}`, String(task.id), {
    type: task.type,
    deployment: task.deployment,
    result: task.result,
  });
}

/** A checkpoint, at which a task notices that it has been cancelled. */
export function checkpoint(task: Task): void {
  if (task.state === "cancelling") throw new DirectorError(10001, `Task ${task.id} cancelled`);
}

/** @throws Error with the director's text if the task has ended or is being cancelled */
export function cancelTask(director: Director, task: Task): void {
  if (task.state !== "queued" && task.state !== "processing")
    throw new Error(`Cannot cancel task ${task.id}: invalid state (${task.state})`);
  enterState(director, task, "cancelling");
}

/** The state as clients see it: a task times out after its worker has died. */
export const shownState = (director: Director, task: Task): string =>
  task.deadSinceMs !== null && director.kernel.nowMs - task.deadSinceMs > TIMEOUT_MS ? "timeout" : task.state;

const TIMEOUT_MS = 180_000;
