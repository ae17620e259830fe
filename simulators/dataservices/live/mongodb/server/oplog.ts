import type { Timestamp } from "bson";
import type { Entry } from "../storage/operations.ts";

/** How many commits are remembered, for change streams and for replicas that have fallen behind. */
const ENTRIES_MAX = 20_000;

/** The recent commits, and the waiters for the next one. */
export class Oplog {
  #entries: Entry[] = [];
  /** The time of the newest entry that is no longer remembered. */
  #lost: Timestamp | undefined;
  readonly #waiting = new Set<() => void>();

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > ENTRIES_MAX * 1.2) {
      this.#lost = this.#entries[this.#entries.length - ENTRIES_MAX - 1]?.time;
      this.#entries = this.#entries.slice(-ENTRIES_MAX);
    }
    // The commit is complete when this turn of the event loop ends.
    for (const wake of this.#waiting) wake();
  }

  /** Forgets everything: the current data did not come about by commits. */
  clear(time: Timestamp): void {
    this.#entries = [];
    this.#lost = time;
    for (const wake of this.#waiting) wake();
  }

  /** Whether everything after this time is remembered. */
  remembers(after: Timestamp): boolean {
    return this.#lost === undefined || after.compare(this.#lost) >= 0;
  }

  /** The entries after a time. */
  after(time: Timestamp): readonly Entry[] {
    const at = this.#entries.findIndex((entry) => entry.time.compare(time) > 0);
    return at === -1 ? [] : this.#entries.slice(at);
  }

  /** Resolves with the next commit, or when the wait times out. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      timer.unref();
      this.#waiting.add(wake);
    });
  }
}
