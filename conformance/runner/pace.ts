import type { EndedWork } from "../client/room.ts";

/** Instances at once with which a run begins: as few as a director with a handful of workers gets done soon. */
const INSTANCES_AT_FIRST = 6;
/** Never fewer, however slow the broker gets: one that is slow alone would be slow for ever. */
const INSTANCES_AT_LEAST = 2;
/** So many more for each operation, until the broker has been seen to slow down; then one more for a whole crowd of them. */
const GROWTH = 3;
/** Operations that take up to so many times the quickest of their kind do not wait for others … */
const UNDISTURBED = 1.3;
/** … and those that take more than so many times that do. */
const DISTURBED = 1.6;
/** The weight of the latest operation: a single slow one is no crowd. */
const WEIGHT = 1 / 3;
/** An operation as short as this is no burden, however it compares, in milliseconds. */
const SHORT_MS = 500;

/**
 * How many instances a run holds at once: few at first, more as long as the broker's operations take no longer for it, fewer where they
 * wait for each other behind it. What waits there would run out of time though nothing is wrong with it.
 */
export class Pace {
  readonly #max: number;
  #window: number;
  /** How long operations take lately, in times of the quickest of their kind. */
  #times = 1;
  #slowedMs: number | undefined;

  constructor(max: number) {
    this.#max = max;
    this.#window = Math.min(max, INSTANCES_AT_FIRST);
  }

  /** Instances at once for now. */
  get window(): number {
    return Math.floor(this.#window);
  }

  /** Takes account of how long an operation took. */
  note({ sinceMs, tookMs, quickestMs }: EndedWork): void {
    const times = quickestMs === 0 || tookMs <= SHORT_MS ? 1 : tookMs / quickestMs;
    // What was begun before the run slowed down says nothing about the number since.
    if (this.#slowedMs !== undefined && sinceMs < this.#slowedMs) return;
    this.#times += WEIGHT * (times - this.#times);
    if (this.#times <= UNDISTURBED)
      this.widenTo(this.#window + (this.#slowedMs === undefined ? GROWTH : 1 / this.#window));
    if (this.#times <= DISTURBED) return;
    this.#slowedMs = sinceMs + tookMs;
    const window = Math.floor((this.#window * UNDISTURBED) / this.#times);
    this.#window = Math.min(this.#max, Math.max(INSTANCES_AT_LEAST, window));
    this.#times = 1;
  }

  /** Makes room for so many, as far as that is allowed. */
  widenTo(instances: number): void {
    this.#window = Math.min(this.#max, Math.max(this.#window, instances));
  }
}
