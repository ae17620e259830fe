import type { Body } from "../../kernel/index.ts";
import { type Director, seconds } from "../state/director.ts";
import { audit } from "../events/audit.ts";
import type { Cpi } from "../cpi/cpi.ts";
import { traced } from "../cpi/faults.ts";
import { codeOf, DirectorError, messageOf } from "../wire/errors.ts";
import { TASK_POINT } from "../faults.ts";
import type { Lock, Task, TaskJob } from "../state/index.ts";
import type { TaskType } from "./types.ts";

export interface TaskRequest {
  readonly type: TaskType;
  readonly description: string;
  readonly user: string;
  readonly deployment?: string | undefined;
  readonly contextId?: string | undefined;
  readonly queue?: "normal" | "urgent";
  readonly job: TaskJob;
}

const CONTEXT_ID_CHARS_MAX = 64;
/** Older tasks are forgotten. A real director keeps 2,000 of each type. */
const TASKS_MAX = 10_000;

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
    cpi: "",
    deadSinceMs: null,
    job: request.job,
  };
  state.tasks.set(task.id, task);
  for (const id of state.tasks.keys()) {
    if (state.tasks.size <= TASKS_MAX) break;
    state.tasks.delete(id);
  }
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
  const state = director.slot.value;
  const { queue, tasks } = state;
  while (state.busyWorkers < (director.options.workers ?? WORKERS)) {
    const id = queue.urgent.shift() ?? queue.normal.shift();
    const task = id === undefined ? undefined : tasks.get(id);
    if (task === undefined) return;
    state.busyWorkers++;
    director.kernel.spawn(`task ${task.id}`, perform(director, task));
  }
}

function* perform(director: Director, task: Task): Body {
  const { kernel } = director;
  task.startedAt = seconds(director);
  try {
    checkpoint(task);
    task.state = "processing";
    record(director, task);
    const fault = kernel.faults.at(TASK_POINT, { type: task.type, deployment: task.deployment ?? "" });
    if (fault?.kind === "error") throw new Error(fault.message);
    if (fault?.kind === "stuck") {
      task.deadSinceMs = kernel.nowMs;
      return;
    }
    const run = director.runners.get(task.job.kind);
    if (run === undefined) throw new Error(`not simulated: task ${task.type}`);
    const version = director.options.version ?? "283.1.6";
    task.debug += `I, [${stamp(director)}] [task:${task.id}]  INFO -- TaskHelper: Director Version: ${version}\nI, [${stamp(director)}] [task:${task.id}]  INFO -- DirectorJobRunner: Starting task: ${task.id}\n`;
    task.result = yield* run({ ...director, cpi: logged(director, task) }, task, task.job.args);
    enter(director, task, "done");
  } catch (error) {
    fail(director, task, error);
  } finally {
    director.slot.value.busyWorkers--;
    // An upload is large, and nobody asks for it again.
    task.job = { kind: task.job.kind, args: {} };
    kernel.timer(0, "bosh/worker", null);
  }
}

const stamp = (director: Director): string => new Date(director.kernel.nowMs).toISOString().replace("Z", "000");

const LOG_CHARS_MAX = 1024 * 1024;

/** The CPI, with its calls written to the task's logs. The director asks for `info` before each. */
function logged(director: Director, task: Task): Cpi {
  return traced(director.cpi, (method) => {
    if (task.debug.length > LOG_CHARS_MAX) return;
    for (const each of method === "create_stemcell" ? ["info", "info", method] : ["info", method])
      task.cpi += `DEBUG - Saving input for ${each} <redacted> cpi_inputs/${each}\n`;
    task.debug += `D, [${stamp(director)}] [task:${task.id}] DEBUG -- DirectorJobRunner: [external-cpi] request: {"method":"${method}","arguments":<redacted>}\n`;
  });
}

/** The state as it is shown: a task that nobody works on any more times out. */
export const shownState = (director: Director, task: Task): string =>
  task.deadSinceMs !== null && director.kernel.nowMs - task.deadSinceMs > TIMEOUT_MS ? "timeout" : task.state;

const TIMEOUT_MS = 180_000;

function fail(director: Director, task: Task, error: unknown): void {
  const line = { time: seconds(director), error: { code: codeOf(error), message: messageOf(error) } };
  task.event += `${JSON.stringify(line)}\n`;
  task.debug += `E, [${stamp(director)}] [task:${task.id}] ERROR -- DirectorJobRunner: ${messageOf(error)}\n`;
  const cancelled = codeOf(error) === 10001;
  task.result = cancelled ? "task cancelled" : messageOf(error);
  enter(director, task, cancelled ? "cancelled" : "error");
}

function enter(director: Director, task: Task, state: Task["state"]): void {
  task.state = state;
  task.timestamp = seconds(director);
  record(director, task);
}

function record(director: Director, task: Task): void {
  director.kernel.record("bosh", `task.${task.state}`, String(task.id), {
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

/** A line of the event log that is no step: shown by clients as it is. */
export function warn(director: Director, task: Task, message: string): void {
  task.event += `${JSON.stringify({ time: seconds(director), type: "warning", message })}\n`;
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

interface LockOptions {
  /** How long to wait for it before giving up. */
  readonly waitMs: number;
  /** The deployment under which the audit log shows it. */
  readonly deployment?: string;
  /** What to say when it can't be had. Default: the director's words. */
  readonly refusal?: string;
}

/** Does work under a lock; the lock is let go however the work ends. @throws DirectorError when the lock can't be had */
export function* holding<T>(
  director: Director,
  task: Task,
  name: string,
  options: LockOptions,
  body: Body<T>,
): Body<T> {
  yield* acquire(director, task, name, options);
  try {
    return yield* body;
  } finally {
    director.slot.value.locks.delete(name);
    audit(director, task, { action: "release", type: "lock", name, deployment: options.deployment ?? null });
  }
}

function* acquire(director: Director, task: Task, name: string, options: LockOptions): Body {
  const { kernel, slot } = director;
  for (const until = kernel.nowMs + options.waitMs; ; yield LOCK_RETRY_MS) {
    const held = slot.value.locks.get(name);
    if (held === undefined) break;
    if (kernel.nowMs >= until)
      throw new DirectorError(UNCLASSED_LOCK, options.refusal ?? refusal(director, name, held));
  }
  slot.value.locks.set(name, { name, taskId: task.id, timeoutMs: kernel.nowMs + LOCK_TIMEOUT_MS });
  audit(director, task, { action: "acquire", type: "lock", name, deployment: options.deployment ?? null });
}

function refusal(director: Director, name: string, held: Lock): string {
  const description = director.slot.value.tasks.get(held.taskId)?.description ?? "";
  const uid = director.kernel.random("bosh/lock").uuid();
  return `Failed to acquire lock for ${name} uid: ${uid}. Locking task id is ${held.taskId}, description: '${description}'`;
}

const UNCLASSED_LOCK = 100;
