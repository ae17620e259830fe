import type { Body } from "../kernel/index.ts";
import { type Director, seconds } from "./director.ts";
import { codeOf, DirectorError, messageOf } from "./errors.ts";
import type { Task, TaskJob } from "./state.ts";

export interface TaskRequest {
  readonly type: string;
  readonly description: string;
  readonly user: string;
  readonly deployment?: string | undefined;
  readonly contextId?: string | undefined;
  readonly queue?: "normal" | "urgent";
  readonly job: TaskJob;
}

const CONTEXT_ID_CHARS_MAX = 64;

/** Queues a task; a worker that is free looks for work once a second. */
export function startTask(director: Director, request: TaskRequest): Task {
  const contextId = request.contextId ?? "";
  if (contextId.length > CONTEXT_ID_CHARS_MAX) {
    throw new DirectorError(
      70010,
      `X-Bosh-Context-Id cannot be more than ${CONTEXT_ID_CHARS_MAX} characters in length`,
    );
  }
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
    result: null,
    event: "",
    resultOutput: "",
    debug: "",
    job: request.job,
  };
  state.tasks.set(task.id, task);
  state.queue[task.queue].push(task.id);
  director.kernel.record("bosh", "task.queue", String(task.id), {
    type: task.type,
    deployment: task.deployment,
    user: task.user,
  });
  director.kernel.timer(director.kernel.work(director.kernel.random("bosh/worker").int(0, 1000)), "bosh/worker", null);
  return task;
}

const WORKERS = 3;

/** Lets free workers take what waits: urgent tasks first. */
export function work(director: Director): void {
  const { queue, tasks } = director.slot.value;
  const busy = [...tasks.values()].filter(
    ({ state, startedAt }) => startedAt !== null && (state === "processing" || state === "cancelling"),
  ).length;
  for (let free = (director.options.workers ?? WORKERS) - busy; free > 0; free--) {
    const id = queue.urgent.shift() ?? queue.normal.shift();
    const task = id === undefined ? undefined : tasks.get(id);
    if (task === undefined) return;
    director.kernel.spawn(`task ${task.id}`, perform(director, task));
  }
}

function* perform(director: Director, task: Task): Body {
  task.startedAt = seconds(director);
  try {
    checkpoint(task);
    enter(director, task, "processing");
    const fault = director.kernel.faults.at("director:task", { type: task.type, deployment: task.deployment ?? "" });
    if (fault?.kind === "error") throw new Error(fault.message);
    if (fault?.kind === "stuck") return;
    const run = director.runners.get(task.job.kind);
    if (run === undefined) throw new Error(`not simulated: task ${task.type}`);
    task.result = yield* run(director, task, task.job.args);
    enter(director, task, "done");
  } catch (error) {
    fail(director, task, error);
  }
  releaseLocks(director, task);
  director.kernel.timer(0, "bosh/worker", null);
}

function fail(director: Director, task: Task, error: unknown): void {
  const line = { time: seconds(director), error: { code: codeOf(error), message: messageOf(error) } };
  task.event += `${JSON.stringify(line)}\n`;
  task.debug += `E, [${seconds(director)}] ERROR -- DirectorJobRunner: ${messageOf(error)}\n`;
  const cancelled = codeOf(error) === 10001;
  task.result = cancelled ? "task cancelled" : messageOf(error);
  enter(director, task, cancelled ? "cancelled" : "error");
}

function enter(director: Director, task: Task, state: Task["state"]): void {
  task.state = state;
  task.timestamp = seconds(director);
  director.kernel.record("bosh", `task.${state}`, String(task.id), {
    type: task.type,
    deployment: task.deployment,
    result: task.result,
  });
}

/** Where a task notices that it has been cancelled. */
export function checkpoint(task: Task): void {
  if (task.state === "cancelling") throw new DirectorError(10001, `Task ${task.id} cancelled`);
}

/** @throws Error with the director's text when the task is final or being cancelled */
export function cancelTask(director: Director, task: Task): void {
  if (task.state !== "queued" && task.state !== "processing")
    throw new Error(`Cannot cancel task ${task.id}: invalid state (${task.state})`);
  enter(director, task, "cancelling");
}

/** Writes the lines of one stage of a task's event log. Lines of parallel steps may interleave. */
export class Stage {
  readonly #director: Director;
  readonly #task: Task;
  readonly #name: string;
  readonly #tags: readonly string[];
  readonly #total: number | null;
  #index = 0;

  constructor(director: Director, task: Task, name: string, total: number | null, tags: readonly string[] = []) {
    this.#director = director;
    this.#task = task;
    this.#name = name;
    this.#total = total;
    this.#tags = tags;
  }

  /** Begins a step; its lines are written through what is answered. */
  begin(name: string): Step {
    const index = ++this.#index;
    const write = (state: string, progress: number, data?: object): void => {
      const line = {
        time: seconds(this.#director),
        stage: this.#name,
        tags: this.#tags,
        total: this.#total,
        task: name,
        index,
        state,
        progress,
        ...(data && { data }),
      };
      this.#task.event += `${JSON.stringify(line)}\n`;
    };
    write("started", 0);
    return {
      progress: (percent, status) => write("in_progress", percent, { status }),
      finish: () => write("finished", 100),
      fail: (error) => write("failed", 100, { error: messageOf(error) }),
    };
  }

  /** A step of plain work: begun, done, finished; a failure is written and thrown on. */
  *step<T>(name: string, body: Body<T>): Body<T> {
    const step = this.begin(name);
    try {
      const value = yield* body;
      step.finish();
      return value;
    } catch (error) {
      step.fail(error);
      throw error;
    }
  }
}

export interface Step {
  progress(percent: number, status: string): void;
  finish(): void;
  fail(error: unknown): void;
}

const LOCK_TIMEOUT_MS = 240_000;
const LOCK_RETRY_MS = 1000;

/** Takes a lock for the task, waiting at most `waitMs`; it is let go when the task ends. */
export function* lock(director: Director, task: Task, name: string, waitMs: number): Body {
  const { kernel, slot } = director;
  for (const until = kernel.nowMs + waitMs; ; yield LOCK_RETRY_MS) {
    const held = slot.value.locks.get(name);
    if (held === undefined) break;
    if (kernel.nowMs >= until) {
      const description = slot.value.tasks.get(held.taskId)?.description ?? "";
      const uid = kernel.random("bosh/lock").uuid();
      throw new DirectorError(
        UNCLASSED_LOCK,
        `Failed to acquire lock for ${name} uid: ${uid}. Locking task id is ${held.taskId}, description: '${description}'`,
      );
    }
  }
  slot.value.locks.set(name, { name, taskId: task.id, timeoutMs: kernel.nowMs + LOCK_TIMEOUT_MS });
}

const UNCLASSED_LOCK = 100;

function releaseLocks(director: Director, task: Task): void {
  const { locks } = director.slot.value;
  for (const [name, { taskId }] of locks) if (taskId === task.id) locks.delete(name);
}
