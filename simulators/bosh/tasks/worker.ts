import type { TaskJob, TaskKind } from "./jobs.ts";
import { isoMicroseconds, type Body } from "../../kernel/index.ts";
import type { Cpi } from "../cpi/cpi.ts";
import { withTrace } from "../cpi/faults.ts";
import { TASK_POINT } from "../faults.ts";
import { type Director, nowSeconds } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { codeOf, messageOf } from "../wire/errors.ts";
import { takeTask } from "./queue.ts";
import { checkpoint, enterState, recordState } from "./transitions.ts";

const WORKERS = 3;

/** Lets free workers take waiting tasks. */
export function startWaitingTasks(director: Director): void {
  const state = director.slot.value;
  while (state.busyWorkers < (director.options.workers ?? WORKERS)) {
    const task = takeTask(director);
    if (task === undefined) return;
    state.busyWorkers++;
    director.kernel.spawn(`task ${task.id}`, runTask(director, task));
  }
}

function* runTask(director: Director, task: Task): Body {
  const { kernel } = director;
  task.startedAt = nowSeconds(director);
  try {
    checkpoint(task);
    task.state = "processing";
    task.changedMs = kernel.nowMs;
    recordState(director, task);
    const fault = kernel.faults.at(TASK_POINT, { type: task.type, deployment: task.deployment ?? "" });
    if (fault?.kind === "error") throw new Error(fault.message);
    if (fault?.kind === "stuck") {
      task.deadSinceMs = kernel.nowMs;
      return;
    }
    const version = director.options.version ?? "283.1.6";
    task.debug += `I, [${logTime(director)}] [task:${task.id}]  INFO -- TaskHelper: Director Version: ${version}\nI, [${logTime(director)}] [task:${task.id}]  INFO -- DirectorJobRunner: Starting task: ${task.id}\n`;
    if (task.job !== null) task.result = yield* runJob(director, task, task.job);
    enterState(director, task, "done");
  } catch (error) {
    failTask(director, task, error);
  } finally {
    director.slot.value.busyWorkers--;
    task.job = null;
    kernel.timer(0, "bosh/worker", null);
  }
}

const logTime = (director: Director): string => isoMicroseconds(director.kernel.nowMs);

/** The distance between the call ids of successive tasks. */
const CALLS_SHOWN = 1000;

const LOG_CHARS_MAX = 1024 * 1024;

/** The CPI, with its calls written to the task's logs. The director calls `info` before each. */
function withCallLog(director: Director, task: Task): Cpi {
  let calls = 0;
  return withTrace(director.cpi, (method) => {
    const id = `cpi-${String(task.id * CALLS_SHOWN + calls++).padStart(6, "0")}`;
    if (task.debug.length > LOG_CHARS_MAX) return id;
    for (const each of method === "create_stemcell" ? ["info", "info", method] : ["info", method])
      task.cpi += `DEBUG - Saving input for ${each} <redacted> cpi_inputs/${each}\n`;
    task.debug += `D, [${logTime(director)}] [task:${task.id}] DEBUG -- DirectorJobRunner: [external-cpi] request: {"method":"${method}","arguments":<redacted>}\n`;
    return id;
  });
}

function failTask(director: Director, task: Task, error: unknown): void {
  const line = { time: nowSeconds(director), error: { code: codeOf(error), message: messageOf(error) } };
  task.event += `${JSON.stringify(line)}\n`;
  task.debug += `E, [${logTime(director)}] [task:${task.id}] ERROR -- DirectorJobRunner: ${messageOf(error)}\n`;
  const cancelled = codeOf(error) === 10001;
  task.result = cancelled ? "task cancelled" : messageOf(error);
  enterState(director, task, cancelled ? "cancelled" : "error");
}

const runJob = <K extends TaskKind>(director: Director, task: Task, { kind, args }: TaskJob<K>): Body<string | null> =>
  director.runners[kind]({ ...director, cpi: withCallLog(director, task) }, task, args);
