import type { TaskJob } from "../tasks/jobs.ts";

type TaskState = "queued" | "processing" | "cancelling" | "done" | "error" | "cancelled";

/** Work of the director, as `bosh tasks` shows it. */
export interface Task {
  readonly id: number;
  readonly type: string;
  readonly description: string;
  readonly user: string;
  readonly deployment: string | null;
  readonly contextId: string;
  readonly queue: "normal" | "urgent" | "dynamic_disks";
  state: TaskState;
  /** Unix seconds of the last change of state; null until it has been picked up. */
  timestamp: number | null;
  startedAt: number | null;
  /** When it last changed its state, ms since the Unix epoch: the order of lists. */
  changedMs: number;
  result: string | null;
  /** Output by type: event and result lines, debug text. */
  event: string;
  resultOutput: string;
  debug: string;
  cpi: string;
  /** Since when it has had no worker although it is processing; null while it has one. */
  deadSinceMs: number | null;
  /**
   * The job to do, as plain data; null once the task has ended, because an upload is large and nobody reads
   * it again.
   */
  job: TaskJob | null;
}

/** A lock, and the task that holds it. `timeoutMs` is ms since the Unix epoch; clients see it, but nothing acts on it. */
export interface Lock {
  readonly name: string;
  readonly taskId: number;
  readonly timeoutMs: number;
}
