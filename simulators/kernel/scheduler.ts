import { KernelError } from "./errors.ts";
import { type Body, Process, type Resumable, Signal } from "./process.ts";
import { EventQueue, type QueueEntry } from "./queue.ts";
import { type PlainTimer, PlainTimers } from "./timers.ts";

/** A handle on something scheduled. */
export interface Timer {
  cancel(): void;
}

/** The state of a scheduler while no process or callback is in flight, as plain data. */
export interface ScheduleState {
  readonly nowMs: number;
  readonly events: number;
  readonly order: number;
  readonly lastTimerId: number;
  readonly timers: readonly PlainTimer[];
}

/**
 * The part of the kernel that moves time: the clock, the queue, and the processes, callbacks and plain timers that wait in it.
 * What runs for each event is here; it works on plain data and allocates one queue entry for an event.
 */
export abstract class Scheduler {
  /** Called when something is scheduled, for a driver that sleeps until the next event. */
  onScheduled: (() => void) | undefined;
  /**
   * Called with the name and error of a process that failed with nobody waiting, or of a callback or timer handler that threw. Default: throw,
   * which ends the run.
   */
  onCrash: (name: string, error: unknown) => void = (_name, error) => {
    throw error;
  };

  #events = 0;
  #processes = 0;
  #callbacks = 0;
  readonly #queue: EventQueue;
  readonly #timers = new PlainTimers();

  /** `nowMs`: ms since the Unix epoch. */
  constructor(nowMs: number) {
    this.#queue = new EventQueue(nowMs);
  }

  /** True while a restore runs inputs again: edges stay quiet. */
  abstract get replaying(): boolean;

  /** ms since the Unix epoch, a whole number. */
  get nowMs(): number {
    return this.#queue.nowMs;
  }

  /** Events run so far. */
  get events(): number {
    return this.#events;
  }

  /** When the next event is due, ms since the Unix epoch; `undefined` when nothing is scheduled. */
  get nextMs(): number | undefined {
    return this.#queue.nextMs;
  }

  /** Processes that have not ended. */
  get running(): number {
    return this.#processes;
  }

  /** A signal on this kernel. */
  signal<T = void>(): Signal<T> {
    return new Signal<T>(this);
  }

  /** Starts a process; its first step runs at once, within this event. */
  spawn<R>(name: string, body: Body<R>): Process<R> {
    const process = new Process(this, name, body);
    this.#processes++;
    process.step(undefined, false);
    return process;
  }

  /** Runs a callback after `delayMs`. It can't be part of a checkpoint: for what lives long use `timer`. */
  schedule(delayMs: number, callback: () => void): Timer {
    const entry = this.#queue.createEntry(delayMs);
    entry.callback = callback;
    this.#callbacks++;
    this.#push(entry);
    return {
      cancel: () => {
        if (entry.callback === undefined) return;
        entry.callback = undefined;
        this.#callbacks--;
      },
    };
  }

  /** Names the handler of a kind of plain timer. Call it when a simulator is made, before any timer of the kind is due. */
  onTimer<T>(kind: string, handler: (data: T, id: number) => void): void {
    this.#timers.register(kind, handler);
  }

  /**
   * A timer that is plain data and so survives a checkpoint: calls the handler of `kind` with `data` after `delayMs`.
   *
   * @throws KernelError KERNEL_UNKNOWN_TIMER
   */
  timer(delayMs: number, kind: string, data: unknown): number {
    this.#timers.check(kind);
    const entry = this.#queue.createEntry(delayMs);
    const id = ++this.#timers.lastId;
    this.#timers.arm({ id, at: entry.at, order: entry.order, kind, data }, entry);
    this.#push(entry);
    return id;
  }

  /** Cancels a plain timer; does nothing to one that has fired. */
  cancelTimer(id: number): void {
    this.#timers.cancel(id);
  }

  /** For processes: resumes one that waits its `wait`-th time, within this instant. */
  resume(process: Resumable, wait: number, value: unknown, isError = false): void {
    const entry = this.#queue.createEntry(0);
    entry.process = process;
    entry.wait = wait;
    entry.value = value;
    entry.isError = isError;
    this.#push(entry);
  }

  /** For processes: resumes one after a delay. */
  resumeAfter(delayMs: number, process: Resumable, wait: number): void {
    const entry = this.#queue.createEntry(delayMs);
    entry.process = process;
    entry.wait = wait;
    this.#push(entry);
  }

  /** For processes: one has ended. */
  noteEnd(): void {
    this.#processes--;
  }

  /** For processes: one has failed, and nobody waits for it. */
  reportCrash(name: string, error: unknown): void {
    this.onCrash(name, error);
  }

  #push(entry: QueueEntry): void {
    this.#queue.push(entry);
    if (this.onScheduled !== undefined && !this.replaying) this.onScheduled();
  }

  /** Runs the next event that is due by `untilMs` (default: any). Answers whether there was one. */
  step(untilMs = Number.POSITIVE_INFINITY): boolean {
    const entry = this.#queue.take(untilMs);
    if (entry === undefined) return false;
    this.#events++;
    if (entry.process !== undefined) {
      if (entry.process.waits === entry.wait) entry.process.step(entry.value, entry.isError);
    } else {
      const name = entry.timer?.kind ?? "callback";
      try {
        this.#call(entry);
      } catch (error) {
        // An event's error does not concern whoever moves the clock.
        this.reportCrash(name, error);
      }
    }
    return true;
  }

  #call(entry: QueueEntry): void {
    const { callback, timer } = entry;
    if (callback !== undefined) {
      entry.callback = undefined;
      this.#callbacks--;
      callback();
    } else if (timer !== undefined) this.#timers.fire(timer);
  }

  /** Runs all that is due by `atMs` and sets the clock to it. Never goes back. */
  advanceTo(atMs: number): void {
    let more = true;
    while (more) more = this.step(atMs);
    this.#queue.nowMs = Math.max(this.#queue.nowMs, Math.floor(atMs));
  }

  /** Runs all that is due within `ms` from now and moves the clock by as much. */
  advanceBy(ms: number): void {
    this.advanceTo(this.#queue.nowMs + ms);
  }

  /**
   * Runs until nothing is left; answers how many events ran. For worlds without periodic timers.
   *
   * @throws KernelError KERNEL_EVENTS_MAX after `eventsMax` events
   */
  runToEnd(eventsMax = 100_000_000): number {
    let events = 0;
    while (this.step()) if (++events >= eventsMax) throw new KernelError("KERNEL_EVENTS_MAX", `${eventsMax} events`);
    return events;
  }

  /** Runs up to the event of this number and sets the clock, which never goes back. */
  protected runTo(events: number, atMs: number): void {
    while (this.#events < events) this.step();
    this.#queue.nowMs = Math.max(this.#queue.nowMs, atMs);
  }

  /** Whether no process or callback is in flight. */
  protected isQuiet(): boolean {
    return this.#processes === 0 && this.#callbacks === 0 && !this.#queue.isBusy;
  }

  /** @throws KernelError KERNEL_CALLBACK_IN_FLIGHT while a process or a callback is in flight */
  protected captureSchedule(): ScheduleState {
    if (!this.isQuiet())
      throw new KernelError("KERNEL_CALLBACK_IN_FLIGHT", `${this.#processes} processes, ${this.#callbacks} callbacks`);
    return {
      nowMs: this.#queue.nowMs,
      events: this.#events,
      order: this.#queue.order,
      lastTimerId: this.#timers.lastId,
      timers: this.#timers.list(),
    };
  }

  /** Drops what is in flight and takes on a captured state. */
  protected loadSchedule({ nowMs, events, order, lastTimerId, timers }: ScheduleState): void {
    this.#events = events;
    this.#processes = 0;
    this.#callbacks = 0;
    this.#queue.reset(nowMs);
    this.#timers.reset(lastTimerId);
    for (const timer of timers) {
      const entry = { ...this.#queue.createEntry(0), at: timer.at, order: timer.order };
      this.#timers.arm(timer, entry);
      this.#push(entry);
    }
    this.#queue.order = order;
  }
}
