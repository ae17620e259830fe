import type { Scheduler } from "./scheduler.ts";

/** The values that a process may yield: a duration in ms, a signal to wait for, or another process to wait for. */
export type Yielded = number | Signal<unknown> | Process<unknown>;

/**
 * Long-running simulated work, in the manner of SimPy: it yields what it waits for and is resumed with the outcome.
 * A number waits that many ms. A signal resumes with the value it was fired with. A process resumes with its result, or
 * throws what it threw. Use `yield* on(waitable)` to have the outcome typed.
 */
export type Body<R = void> = Generator<Yielded, R, unknown>;

type Outcome<R> =
  | { readonly state: "running" }
  | { readonly state: "done"; readonly value: R }
  | { readonly state: "failed"; readonly error: unknown };

/** The parts of a process that the kernel needs to resume it. */
export interface Resumable {
  /** How often it has waited; a wake for an earlier wait is stale and ignored. */
  readonly waits: number;
  /** Runs it up to its next wait. */
  step(value: unknown, isError: boolean): void;
}

/** Whoever waits: a process (with the count of its wait, which a stale wake does not match) or a callback. */
type Waiter<T> = { readonly process: Resumable; readonly wait: number } | ((value: T) => void);

/** A pulse that wakes everyone who is waiting for it. It keeps nothing: later waiters wait for the next pulse. */
export class Signal<T = void> {
  readonly #scheduler: Scheduler;
  #waiters: Waiter<T>[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Wakes all present waiters, each in an event of its own. */
  fire(value: T): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (typeof waiter === "function") this.#scheduler.schedule(0, () => waiter(value));
      else this.#scheduler.resume(waiter.process, waiter.wait, value);
    }
  }

  /** Calls back once, at the next pulse. */
  once(callback: (value: T) => void): void {
    this.#waiters.push(callback);
  }

  /** For the kernel: wakes `process` at the next pulse if it still waits its `wait`-th time. */
  wake(process: Resumable, wait: number): void {
    this.#waiters.push({ process, wait });
  }
}

/** Why a fault no longer holds a process. */
export type Release = "over" | "disarmed" | "hung up";

/** A wait that a fault causes, released at most once. */
export class Hold extends Signal<Release> {
  readonly id: number;
  /** The rule that holds. */
  readonly rule: number;
  /** Whether it ends when the caller of the process hangs up. */
  readonly endsWithCaller: boolean;

  constructor(scheduler: Scheduler, id: number, rule: number, endsWithCaller: boolean) {
    super(scheduler);
    this.id = id;
    this.rule = rule;
    this.endsWithCaller = endsWithCaller;
  }
}

/** A running generator. Made by `kernel.spawn`. */
export class Process<R = void> {
  readonly name: string;
  /** For the kernel: how often it has waited; a wake for an earlier wait is stale and ignored. */
  waits = 0;
  /** The hold of the last fault that made it wait. */
  hold: Hold | undefined;
  readonly #scheduler: Scheduler;
  readonly #body: Body<R>;
  #outcome: Outcome<R> = { state: "running" };
  #settled: ((process: Process<R>) => void)[] = [];

  constructor(scheduler: Scheduler, name: string, body: Body<R>) {
    this.#scheduler = scheduler;
    this.name = name;
    this.#body = body;
  }

  get outcome(): Outcome<R> {
    return this.#outcome;
  }

  get running(): boolean {
    return this.#outcome.state === "running";
  }

  /** Calls back when it has ended; at once if it already has. */
  onSettled(callback: (process: Process<R>) => void): void {
    if (this.running) this.#settled.push(callback);
    else callback(this);
  }

  /** Throws `error` into the process where it waits; it may catch it and go on. */
  interrupt(error: unknown): void {
    if (this.running) this.#scheduler.resume(this, this.waits, error, true);
  }

  /** Ends it where it waits: its `finally` blocks run, and its waiters see it fail with `reason`. */
  kill(reason: unknown): void {
    if (!this.running) return;
    this.waits++;
    this.#body.return(undefined as R);
    this.#settle({ state: "failed", error: reason });
  }

  /** For the kernel: runs it up to its next wait. */
  step(value: unknown, isError: boolean): void {
    if (!this.running) return;
    this.waits++;
    let result: IteratorResult<Yielded, R>;
    try {
      result = isError ? this.#body.throw(value) : this.#body.next(value);
    } catch (error) {
      this.#crash(error);
      return;
    }
    if (result.done) this.#settle({ state: "done", value: result.value });
    else this.#wait(result.value);
  }

  #wait(yielded: Yielded): void {
    if (typeof yielded === "number") {
      this.#scheduler.resumeAfter(yielded, this, this.waits);
      return;
    }
    if (yielded instanceof Signal) {
      if (yielded instanceof Hold) this.hold = yielded;
      yielded.wake(this, this.waits);
      return;
    }
    const wait = this.waits;
    yielded.onSettled(({ outcome }) => {
      if (outcome.state === "done") this.#scheduler.resume(this, wait, outcome.value);
      if (outcome.state === "failed") this.#scheduler.resume(this, wait, outcome.error, true);
    });
  }

  #crash(error: unknown): void {
    const unheard = this.#settled.length === 0;
    this.#settle({ state: "failed", error });
    if (unheard) this.#scheduler.reportCrash(this.name, error);
  }

  #settle(outcome: Outcome<R>): void {
    this.#outcome = outcome;
    this.#scheduler.noteEnd();
    const settled = this.#settled;
    this.#settled = [];
    for (const callback of settled) callback(this);
  }
}

/** `const value = yield* on(signal)`: waits, with the outcome typed. */
export function* on<T>(waitable: Signal<T> | Process<T>): Generator<Yielded, T, unknown> {
  return (yield waitable as Yielded) as T;
}

/** Waits for all of them, in any order of ending; answers with the results in the order given. The first failure is thrown. */
export function* all<T>(processes: readonly Process<T>[]): Generator<Yielded, T[], unknown> {
  // A process awaited later may fail earlier: with a listener from the start, its failure is not taken for a crash.
  for (const process of processes) process.onSettled(() => {});
  const results: T[] = [];
  for (const process of processes) results.push(yield* on(process));
  return results;
}

/**
 * Waits for the pulse of a signal for at most `waitMs`. Answers with the value, or `undefined` when time ran out first;
 * so it is for signals whose values are defined.
 */
export function* within<T>(
  scheduler: Scheduler,
  signal: Signal<T>,
  waitMs: number,
): Generator<Yielded, T | undefined, unknown> {
  const either = new Signal<T | undefined>(scheduler);
  const timer = scheduler.schedule(waitMs, () => either.fire(undefined));
  signal.once((value) => {
    timer.cancel();
    either.fire(value);
  });
  return yield* on(either);
}
