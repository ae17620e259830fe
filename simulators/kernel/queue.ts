import TinyQueue from "tinyqueue";
import type { Resumable } from "./process.ts";
import type { PlainTimer } from "./timers.ts";

/** A place in the queue: a process to resume, a callback to call, or a plain timer to fire. None of them once it is cancelled. */
export interface QueueEntry {
  at: number;
  order: number;
  process: Resumable | undefined;
  wait: number;
  value: unknown;
  isError: boolean;
  callback: (() => void) | undefined;
  timer: PlainTimer | undefined;
}

const bySchedule = (a: QueueEntry, b: QueueEntry): number => a.at - b.at || a.order - b.order;

/** Entries of the present instant that have run are dropped in batches of this size. */
const RUN_ENTRIES_MAX = 4096;

/**
 * The clock and what it has yet to reach, in order of time; entries of one instant in the order in which they were made.
 * What is due within the present instant has a list of its own, since most events follow at once from another.
 */
export class EventQueue {
  /** ms since the Unix epoch, a whole number. */
  nowMs: number;
  /** The order of the next entry. */
  order = 0;
  #later = new TinyQueue<QueueEntry>([], bySchedule);
  #now: QueueEntry[] = [];
  #nowAt = 0;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** When the next entry is due, ms since the Unix epoch; `undefined` when there is none. */
  get nextMs(): number | undefined {
    return this.#nowAt < this.#now.length ? this.nowMs : this.#later.peek()?.at;
  }

  /** Whether something scheduled within the present instant, for that instant, has not run yet. */
  get isBusy(): boolean {
    return this.#nowAt < this.#now.length;
  }

  /** An entry with nothing to do yet, due after `delayMs`, which is rounded; a negative one counts as 0. */
  createEntry(delayMs: number): QueueEntry {
    const at = this.nowMs + Math.max(0, Math.round(delayMs));
    return {
      at,
      order: this.order++,
      process: undefined,
      wait: 0,
      value: undefined,
      isError: false,
      callback: undefined,
      timer: undefined,
    };
  }

  push(entry: QueueEntry): void {
    if (entry.at === this.nowMs) this.#now.push(entry);
    else this.#later.push(entry);
  }

  /** Takes the next entry that is due by `untilMs` and moves the clock to it. */
  take(untilMs: number): QueueEntry | undefined {
    const next = this.#later.peek();
    // Entries that were queued for this instant earlier come before those queued within it.
    if (next !== undefined && next.at === this.nowMs) return this.#later.pop();
    const entry = this.#now[this.#nowAt];
    if (entry !== undefined) {
      this.#nowAt++;
      if (this.#nowAt === this.#now.length || this.#nowAt > RUN_ENTRIES_MAX) {
        this.#now.splice(0, this.#nowAt);
        this.#nowAt = 0;
      }
      return entry;
    }
    if (next === undefined || next.at > untilMs) return undefined;
    this.nowMs = next.at;
    return this.#later.pop();
  }

  /** Empties the queue and sets the clock. */
  reset(nowMs: number): void {
    this.nowMs = nowMs;
    this.#later = new TinyQueue<QueueEntry>([], bySchedule);
    this.#now = [];
    this.#nowAt = 0;
  }
}
