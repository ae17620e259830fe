import type { EndedWork } from "../client/room.ts";

/** Instances at once with which a run begins: as few as a director with a handful of workers finishes quickly. */
const INSTANCES_AT_FIRST = 6;
/** Never fewer, however slow the broker gets: one that is slow even when idle would be slow for ever. */
const INSTANCES_AT_LEAST = 2;
/**
 * So many more for each operation, until the broker has slowed down for the first time; then one more for as many operations as there are
 * instances.
 */
const GROWTH = 3;
/** Operations that take up to this multiple of the quickest of their kind do not wait for others … */
const UNDISTURBED = 1.3;
/** … and those that take more than this multiple do. */
const DISTURBED = 1.6;
/** The weight of the latest operation: a single slow one does not make a crowd. */
const WEIGHT = 1 / 3;
/** Operations up to this length, in milliseconds, are not a burden, however they compare. */
const SHORT_MS = 500;

/**
 * How many instances a run holds at once: few at first, more as long as that does not slow the broker's operations down, fewer if they wait for
 * each other behind it. What waits there would run out of time though nothing is wrong with it.
 */
export class Pace {
  readonly #max: number;
  #window: number;
  /** How long recent operations took, as a multiple of the quickest of their kind. */
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
    // An operation that began before the run slowed down says nothing about the number since.
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

  /** Makes room for this many, as far as that is allowed. */
  widenTo(instances: number): void {
    this.#window = Math.min(this.#max, Math.max(this.#window, instances));
  }
}
