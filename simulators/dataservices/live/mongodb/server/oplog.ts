import type { Timestamp } from "bson";
import type { Entry } from "../storage/operations.ts";

/** Commits that are remembered: for change streams, and for replicas that have fallen behind. */
const ENTRIES_MAX = 20_000;

/** The commits of late, and who waits for the next. */
export class Oplog {
  #entries: Entry[] = [];
  /** The time of the newest entry that is remembered no more. */
  #lost: Timestamp | undefined;
  readonly #waiting = new Set<() => void>();

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > ENTRIES_MAX * 1.2) {
      this.#lost = this.#entries[this.#entries.length - ENTRIES_MAX - 1]?.time;
      this.#entries = this.#entries.slice(-ENTRIES_MAX);
    }
    // The commit is done when this turn of the event loop ends.
    for (const wake of this.#waiting) wake();
  }

  /** Forgets everything: what is there now did not come about by commits. */
  clear(time: Timestamp): void {
    this.#entries = [];
    this.#lost = time;
    for (const wake of this.#waiting) wake();
  }

  /** Is everything after this time remembered? */
  remembers(after: Timestamp): boolean {
    return this.#lost === undefined || after.compare(this.#lost) >= 0;
  }

  /** The entries after a time. */
  after(time: Timestamp): readonly Entry[] {
    const at = this.#entries.findIndex((entry) => entry.time.compare(time) > 0);
    return at === -1 ? [] : this.#entries.slice(at);
  }

  /** Resolves with the next commit, or when the time is up. */
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
