import { KernelError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";

/** Moves a kernel's clock and keeps promises at the edge in step with it. */
export interface Driver {
  readonly kernel: Kernel;
  /** Brings the clock up to the present; call it before anything enters from outside. */
  arrive(): void;
  /** Resolves after this long in kernel time; rejects with the signal's reason when that is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Declares asynchronous work outside the kernel, which lasts until the promise settles: virtual time stands still meanwhile.
   * Such work may not itself wait for tracked work.
   */
  track<T>(work: Promise<T>): Promise<T>;
  /** Called when the kernel has resolved something that a promise outside waits for. */
  woke(): void;
}

function sleepOn(driver: Driver, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = driver.kernel.schedule(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      driver.woke();
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const EVENTS_BETWEEN_TURNS = 1024;
/** Turns of the event loop without tracked work after which nothing is taken to be running: one for reactions, one for what they defer. */
const IDLE_TURNS = 2;

/** Tracked work: once it has settled, `release` hands its result to whoever waits for it. */
interface Held {
  release: (() => void) | undefined;
}

/**
 * Virtual time: jumps to the next event, but only when nothing is running: no tracked work and no promise that could still
 * react to the last event. One turn of the event loop runs all reactions that need no timer, thread or socket of their own; work
 * that needs one must be tracked.
 *
 * How long tracked work really takes must not affect the run. So its results are held back and released one at a time, in the order in which the work
 * began, each when nothing else is running.
 */
export class VirtualDriver implements Driver {
  readonly kernel: Kernel;
  readonly #held: Held[] = [];
  #pump: Promise<void> | undefined;
  #woke = false;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  arrive(): void {}

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  track<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const held: Held = { release: undefined };
      this.#held.push(held);
      work.then(
        (value) => (held.release = () => resolve(value)),
        (error: unknown) => (held.release = () => reject(error)),
      );
      this.#pump ??= this.#drain();
    });
  }

  woke(): void {
    this.#woke = true;
  }

  /** Releases what is held until nothing is left and nothing runs. */
  async #drain(): Promise<void> {
    for (let idle = 0; idle < IDLE_TURNS || this.#held.length > 0; idle++) {
      await macrotask();
      const [oldest] = this.#held;
      if (idle + 1 < IDLE_TURNS || oldest?.release === undefined) continue;
      this.#held.shift();
      oldest.release();
      idle = -1;
    }
    this.#pump = undefined;
  }

  /** Resolves when nothing is running outside the kernel. */
  async #settle(): Promise<void> {
    this.#woke = false;
    while (this.#pump !== undefined) await this.#pump;
    await (this.#pump = this.#drain());
  }

  /**
   * Runs `work` to its end, moving time as it needs.
   *
   * @throws KernelError KERNEL_DEADLOCK when it waits for something that will never happen
   */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    done.catch(() => {});
    await this.#settle();
    for (let events = 1; !settled; events++) {
      if (!this.kernel.step()) throw new KernelError("KERNEL_DEADLOCK");
      // Otherwise a periodic timer would keep the world busy and starve untracked work outside.
      if (this.#isDisturbed() || events % EVENTS_BETWEEN_TURNS === 0) await this.#settle();
    }
    return done;
  }

  #isDisturbed(): boolean {
    return this.#woke || this.#held.length > 0;
  }

  /** Lets this much time pass, including reactions outside the kernel. */
  async advance(ms: number): Promise<void> {
    await this.#settle();
    const untilMs = this.kernel.nowMs + ms;
    while (this.kernel.step(untilMs)) if (this.#isDisturbed()) await this.#settle();
    this.kernel.advanceTo(untilMs);
    await this.#settle();
  }
}

/** The longest sleep that a Node timer can hold. */
const TIMER_MS_MAX = 2_147_483_647;

/** Wall time: the kernel follows the clock of this machine; one that has a time of its own goes on from `fromMs`, as fast; a paused one not before `resume`. */
export class WallDriver implements Driver {
  readonly kernel: Kernel;
  readonly #originMs = Date.now() - performance.now();
  /** The zero of `performance.now()`; later than the origin by as much as the clock has been moved forward. */
  #zeroMs = this.#originMs;
  /** Where the clock stands while it is paused. */
  #pausedMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #armedMs = Number.POSITIVE_INFINITY;
  #running = false;
  constructor(kernel: Kernel, fromMs?: number, isPaused = false) {
    this.kernel = kernel;
    if (fromMs !== undefined) this.#zeroMs = fromMs - performance.now();
    if (isPaused) this.#pausedMs = kernel.nowMs;
    kernel.onScheduled = () => this.#arm();
    this.arrive();
  }

  #presentMs(): number {
    return this.#pausedMs ?? this.#zeroMs + performance.now();
  }

  get isPaused(): boolean {
    return this.#pausedMs !== undefined;
  }

  /** By how many ms the cloud's clock is ahead of this machine's; behind it after a pause. */
  get aheadMs(): number {
    return Math.round(this.#presentMs() - this.#originMs - performance.now());
  }

  /** Stops the clock: whatever takes time waits, until `resume`, `step` or `jump`. */
  pause(): void {
    this.arrive();
    this.#pausedMs = this.kernel.nowMs;
    clearTimeout(this.#timer);
    this.#armedMs = Number.POSITIVE_INFINITY;
  }

  /** Lets the clock run again from where it stands. */
  resume(): void {
    this.#zeroMs = Math.max(this.#presentMs(), this.kernel.nowMs) - performance.now();
    this.#pausedMs = undefined;
    this.arrive();
  }

  /** Moves a paused clock to the next event and runs all that is due then. Returns false where nothing is planned. */
  step(): boolean {
    const { nextMs } = this.kernel;
    if (this.#pausedMs === undefined || nextMs === undefined) return false;
    this.#pausedMs = Math.max(this.#pausedMs, nextMs);
    this.arrive();
    return true;
  }

  /** Moves the clock forward, running everything that is due meanwhile. */
  jump(ms: number): void {
    if (this.#pausedMs === undefined) this.#zeroMs += ms;
    else this.#pausedMs += ms;
    this.arrive();
  }

  arrive(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      this.kernel.advanceTo(this.#presentMs());
    } finally {
      this.#running = false;
      this.#arm();
    }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.arrive();
    return sleepOn(this, ms, signal);
  }

  track<T>(work: Promise<T>): Promise<T> {
    return work;
  }

  woke(): void {}

  #arm(): void {
    const nextMs = this.kernel.nextMs;
    if (this.#running || this.isPaused || nextMs === undefined || nextMs >= this.#armedMs) return;
    clearTimeout(this.#timer);
    this.#armedMs = nextMs;
    const waitMs = Math.max(0, Math.ceil(nextMs - this.#presentMs()));
    const due = (): void => {
      this.#armedMs = Number.POSITIVE_INFINITY;
      this.arrive();
    };
    this.#timer = setTimeout(due, Math.min(TIMER_MS_MAX, waitMs));
  }

  /** Stops following the wall clock; nothing runs after that. */
  stop(): void {
    clearTimeout(this.#timer);
    this.kernel.onScheduled = undefined;
  }
}

/** The clock of this machine, ms since the Unix epoch: where a live world begins. */
export const wallNowMs = (): number => Date.now();
