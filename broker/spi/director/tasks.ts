import { BackendError, FinalError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { type BackendAnswer, describeAnswer, retryWhileDown } from "../../http/client.ts";
import { traceWithin } from "../../observe/tracing.ts";
import { type DirectorClient, isRunning, type TaskView } from "./client.ts";
import { traceTask } from "./trace.ts";

/**
 * Sends the request that starts a task.
 *
 * @param failed how many tasks of this context have failed before, without those that found the deployment busy
 * @returns undefined when there is nothing to do
 */
type StartTask = (failed: number) => Promise<BackendAnswer | undefined>;

/** Called at each poll of a task; its BackendErrors are ignored, as the next poll calls it again. */
export type Meanwhile = () => Promise<void>;

/** Work of the director, retried until it succeeds. */
interface TaskOrder {
  /** For an operator. */
  readonly what: string;
  /** Identifies what was started before, even by a dead process, so that nothing is done twice and attempts are counted. */
  readonly contextId: string;
  /** Most tasks that may fail, without those that found the deployment busy. */
  readonly triesMax: number;
  readonly start: StartTask;
  readonly meanwhile?: Meanwhile | undefined;
}

const POLL_MS = 10_000;
/**
 * A task is cancelled after this long: its worker is dead, or it waits for something that will never come. Shorter than the catalog's
 * maximum_polling_duration.
 */
const TASK_MS_MAX = 90 * 60_000;
const CANCEL_MS_MAX = 5 * 60_000;
/** The pause before an attempt: it doubles each time, up to a limit. */
const RETRY_MS = 5_000;
const RETRY_MS_MAX = 5 * 60_000;

/** Another task held the deployment's lock for the ten seconds that this one waited, as the health monitor's do after the death of a VM. */
const isBusy = ({ result }: TaskView): boolean =>
  result?.startsWith("Failed to acquire lock for lock:deployment:") === true;
/** How many tasks may find it so, and the pause after one. */
const BUSY_MAX = 200;
const BUSY_MS = 5_000;

function ignoreOutage(error: unknown): void {
  if (!(error instanceof BackendError)) throw error;
}

/** Runs director tasks to completion. */
export class TaskRunner {
  readonly #client: DirectorClient;
  readonly #host: Host;

  constructor(client: DirectorClient, host: Host) {
    this.#client = client;
    this.#host = host;
  }

  /** Runs a task until it succeeds. @throws FinalError once `triesMax` tasks have failed or the deployment was busy for too long, BackendError while the director is down */
  async run({ what, contextId, triesMax, start, meanwhile }: TaskOrder): Promise<void> {
    for (;;) {
      const begun = await this.#begin(contextId, triesMax, start);
      if (begun === undefined) return;
      const ended = isRunning(begun) ? await this.#followTraced(what, begun.id, meanwhile) : begun;
      const { id, state, result } = ended;
      if (state === "done") return;
      if (!isRunning(begun) || (triesMax === 1 && !isBusy(ended)))
        throw new FinalError(`${what}: the director's task ${id} ended in ${state}: ${result ?? ""}`);
    }
  }

  /** The newest task of this context, started unless one is running or has succeeded; undefined when there is nothing to do. */
  #begin(contextId: string, triesMax: number, start: StartTask): Promise<TaskView | undefined> {
    return retryWhileDown(this.#host, async () => {
      const known = await this.#client.tasksOf(contextId);
      const [newest] = known;
      const failed = known.filter((each) => !isBusy(each)).length;
      const isOver = failed >= triesMax || known.length - failed >= BUSY_MAX;
      if (newest !== undefined && (isRunning(newest) || newest.state === "done" || isOver)) return newest;
      if (newest !== undefined) {
        const pauseMs = isBusy(newest) ? BUSY_MS : Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** failed);
        await this.#host.sleepMs(pauseMs);
      }
      const answer = await start(failed);
      return answer === undefined ? undefined : startedTask(answer);
    });
  }

  #followTraced(what: string, id: number, meanwhile: Meanwhile | undefined): Promise<TaskView> {
    return traceWithin(`director task: ${what}`, { "bosh.task": id }, async () => {
      const ended = await this.#follow(id, meanwhile);
      await traceTask(this.#client, id);
      return ended;
    });
  }

  /** Waits for a task to end; cancels one that doesn't. */
  async #follow(id: number, meanwhile: Meanwhile | undefined): Promise<TaskView> {
    const ended = await this.#waitForEnd(id, TASK_MS_MAX, meanwhile);
    if (ended !== undefined) return ended;
    await this.#client.cancel(id);
    const cancelled = await this.#waitForEnd(id, CANCEL_MS_MAX);
    if (cancelled !== undefined) return cancelled;
    throw new FinalError(`the director's task ${id} neither ends nor can be cancelled`);
  }

  /** Undefined when the task has not ended in time. */
  async #waitForEnd(id: number, waitMsMax: number, meanwhile?: Meanwhile): Promise<TaskView | undefined> {
    const deadlineMs = this.#host.nowMs() + waitMsMax;
    for (;;) {
      const view = await this.#client.task(id);
      if (!isRunning(view)) return view;
      if (this.#host.nowMs() >= deadlineMs) return undefined;
      await meanwhile?.().catch(ignoreOutage);
      await this.#host.sleepMs(POLL_MS);
    }
  }
}

/** The task that an answer points to. @throws FinalError if it points to none */
function startedTask(answer: BackendAnswer): TaskView {
  const location = answer.headers.get("location");
  if (location === null) throw new FinalError(describeAnswer(answer, "the director"));
  return { id: Number(location.split("/").at(-1)), state: "queued", result: null };
}
