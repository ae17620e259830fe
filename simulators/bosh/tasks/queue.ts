import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import type { TaskJob } from "./jobs.ts";
import type { TaskType } from "./types.ts";

interface TaskRequest {
  readonly type: TaskType;
  readonly description: string;
  readonly user: string;
  readonly deployment?: string | undefined;
  readonly contextId?: string | undefined;
  readonly queue?: Task["queue"];
  readonly job: TaskJob;
}

/** The number of tasks kept; older ones are forgotten. A real director keeps 2,000 of each type. */
const TASKS_MAX = 10_000;

/** Queues a task; free workers look for work once a second. */
export function startTask(director: Director, request: TaskRequest): Task {
  const contextId = request.contextId ?? "";
  const state = director.slot.value;
  const task: Task = {
    id: ++state.taskIds,
    type: request.type,
    description: request.description,
    user: request.user,
    deployment: request.deployment ?? null,
    contextId,
    queue: request.queue ?? "normal",
    state: "queued",
    timestamp: null,
    startedAt: null,
    changedMs: director.kernel.nowMs,
    result: null,
    event: "",
    resultOutput: "",
    debug: "",
    cpi: "",
    deadSinceMs: null,
    job: request.job,
  };
  state.tasks.set(task.id, task);
  for (const id of state.tasks.keys()) {
    if (state.tasks.size <= TASKS_MAX) break;
    state.tasks.delete(id);
  }
  if (task.queue !== "dynamic_disks") state.queue[task.queue].push(task.id);
  director.kernel.record("bosh", "task.queue", String(task.id), {
    type: task.type,
    deployment: task.deployment,
    user: task.user,
  });
  director.kernel.timer(director.kernel.work(director.kernel.random("bosh/worker").int(0, 1000)), "bosh/worker", null);
  return task;
}

/** Takes the next task from the queue, urgent ones first; undefined if none waits. */
export function takeTask({ slot }: Director): Task | undefined {
  const { queue, tasks } = slot.value;
  const id = queue.urgent.shift() ?? queue.normal.shift();
  return id === undefined ? undefined : tasks.get(id);
}
