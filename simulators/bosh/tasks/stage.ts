import type { Body } from "../../kernel/index.ts";
import { type Director, nowSeconds } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { messageOf } from "../wire/errors.ts";

/** A line of the event log that is not a step; clients show it verbatim. */
export function logWarning(director: Director, task: Task, message: string): void {
  task.event += `${JSON.stringify({ time: nowSeconds(director), type: "warning", message })}\n`;
}

/** Warns that an input uses something deprecated. */
export function warnDeprecated(director: Director, task: Task, message: string): void {
  task.event += `${JSON.stringify({ time: nowSeconds(director), type: "deprecation", message })}\n`;
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

  /** Begins a step, and returns a writer for its lines. */
  begin(name: string): StageStep {
    const index = ++this.#index;
    const write = (state: string, progress: number, data?: object): void => {
      const line = {
        time: nowSeconds(this.#director),
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

  /** Does plain work as one step; writes a failure and throws it again. */
  *step<T>(name: string, body: Body<T>): Body<T> {
    return yield* this.follow(name, () => body);
  }

  /** Like `step`, for work that shows its progress. */
  *follow<T>(name: string, work: (step: StageStep) => Body<T>): Body<T> {
    const step = this.begin(name);
    try {
      const value = yield* work(step);
      step.finish();
      return value;
    } catch (error) {
      step.fail(error);
      throw error;
    }
  }
}

/** A step in progress, which writes to the event log. */
export interface StageStep {
  progress(percent: number, status: string): void;
  finish(): void;
  fail(error: unknown): void;
}
