import TinyQueue from "tinyqueue";
import { KernelError } from "./errors.ts";
import { type ArmedRule, Faults } from "./faults.ts";
import type { FaultRule } from "./faults/point.ts";
import { Journal, type JournalMark } from "./journal.ts";
import { type Body, Process, type Resumable, Signal } from "./process.ts";
import { Random, type RandomState } from "./random.ts";
import { SecretStream } from "./secrets.ts";

/** 1 January 2026, 00:00:00 UTC: when a virtual world begins by default. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);

/** By how much durations of simulated work are scaled. */
export const PACES = { realistic: 1, fast: 1 / 100, instant: 0 } as const;
/** The name of a pace. */
export type Pace = keyof typeof PACES;

/** How a kernel is made. */
export interface KernelOptions {
  /** Default 1. */
  readonly seed?: number | string;
  /** What secrets are drawn from; whoever knows it knows them. Default: the seed, so that a run can be repeated to the byte. */
  readonly secretKey?: string;
  /** ms since the Unix epoch at which the world begins. Default `EPOCH_MS`. */
  readonly startMs?: number;
  /** Default `realistic`. */
  readonly pace?: Pace;
  /** Journal events kept in memory. Default 100,000. */
  readonly journalEventsMax?: number;
  /** Keep what came in from outside since the last checkpoint, so that a snapshot can be taken with work in flight. Default false. */
  readonly recordInputs?: boolean;
}

/** A handle on something scheduled. */
export interface Timer {
  cancel(): void;
}

/** A named part of the world's state. Plain data (what structuredClone takes); read `value` each time, a restore replaces it. */
export interface Slot<T> {
  value: T;
}

/** One line of the queue: a process to resume, a callback to call, or a plain timer to fire. None of them once it is cancelled. */
interface QueueEntry {
  at: number;
  order: number;
  process: Resumable | undefined;
  wait: number;
  value: unknown;
  isError: boolean;
  callback: (() => void) | undefined;
  timer: PlainTimer | undefined;
}

interface PlainTimer {
  readonly id: number;
  readonly at: number;
  readonly order: number;
  readonly kind: string;
  readonly data: unknown;
}

interface RecordedInput {
  readonly atMs: number;
  readonly events: number;
  readonly kind: string;
  readonly data: unknown;
}

interface Checkpoint {
  readonly nowMs: number;
  readonly events: number;
  readonly order: number;
  readonly timerIds: number;
  readonly slots: ReadonlyMap<string, unknown>;
  readonly timers: readonly PlainTimer[];
  readonly random: ReadonlyMap<string, RandomState>;
  readonly randomSeed: number | string;
  /** Bytes drawn from each stream of secrets. */
  readonly secrets: ReadonlyMap<string, number>;
  readonly pace: number;
  readonly journal: JournalMark;
}

/** A captured world: a checkpoint and what has come in since. Restoring runs those inputs again, to the same event. */
export interface Snapshot {
  readonly checkpoint: Checkpoint;
  readonly inputs: readonly RecordedInput[];
  readonly nowMs: number;
  readonly events: number;
}

/** The fault rules that a restore brings back. */
function armedRulesOf({ checkpoint, inputs }: Snapshot): readonly FaultRule[] {
  const { rules } = checkpoint.slots.get("kernel/faults") as { rules: readonly ArmedRule[] };
  const armed = inputs.filter(({ kind }) => kind === "fault.arm").map(({ data }) => data as FaultRule);
  return [...rules.map(({ rule }) => rule), ...armed];
}

/** Handlers are looked up by kind, where the type of their data is lost; whoever registers one and whoever uses it agree on it. */
interface TimerHandler {
  handle(data: unknown, id: number): void;
}
interface InputHandler {
  handle(data: unknown): unknown;
}

const bySchedule = (a: QueueEntry, b: QueueEntry): number => a.at - b.at || a.order - b.order;

/**
 * The discrete-event kernel: one clock, one queue, one journal, one seed. Everything in `simulators/` is a state machine on it.
 *
 * Time moves only in `step` and `advanceTo`. Who calls them decides what the clock is: in a scenario the driver jumps from
 * event to event, in a live world it follows the wall (see `edge/drive.ts`). Events of one instant run in the order in which
 * they were scheduled.
 */
export class Kernel {
  readonly seed: number | string;
  readonly journal: Journal;
  readonly faults: Faults;
  /** Called when something is scheduled, for a driver that sleeps until the next event. */
  onScheduled: (() => void) | undefined;
  /** Each is called after a restore, for edges that hold sockets or caches. */
  readonly restored = new Set<() => void>();
  /** A process that failed with nobody waiting, a callback or the handler of a timer that threw, by name. Default: throw, which ends the run. */
  onCrash: (name: string, error: unknown) => void = (_name, error) => {
    throw error;
  };

  #nowMs: number;
  #events = 0;
  #order = 0;
  #timerIds = 0;
  #processes = 0;
  #callbacks = 0;
  #replaying = false;
  #later = new TinyQueue<QueueEntry>([], bySchedule);
  #now: QueueEntry[] = [];
  #nowAt = 0;
  readonly #timers = new Map<number, { entry: QueueEntry; timer: PlainTimer }>();
  readonly #timerKinds = new Map<string, TimerHandler>();
  readonly #inputKinds = new Map<string, InputHandler>();
  readonly #slots = new Map<string, Slot<unknown>>();
  readonly #random = new Map<string, Random>();
  readonly #secrets = new Map<string, SecretStream>();
  /** Undefined where secrets come from the seed. */
  readonly #secretKey: string | undefined;
  #randomSeed: number | string;
  #pace: number;
  readonly #recordInputs: boolean;
  #inputs: RecordedInput[] = [];
  #checkpoint: Checkpoint | undefined;

  constructor(options: KernelOptions = {}) {
    this.seed = options.seed ?? 1;
    this.#randomSeed = this.seed;
    this.#secretKey = options.secretKey;
    this.#nowMs = options.startMs ?? EPOCH_MS;
    this.#pace = PACES[options.pace ?? "realistic"];
    this.journal = new Journal(options.journalEventsMax);
    this.#recordInputs = options.recordInputs ?? false;
    this.faults = new Faults(this);
    this.onInput<number | string, void>("kernel.reseed", (seed) => this.#reseed(seed));
    this.onInput<Pace, void>("kernel.pace", (pace) => {
      this.#pace = PACES[pace];
    });
  }

  /** ms since the Unix epoch, a whole number. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events run so far. */
  get events(): number {
    return this.#events;
  }

  /** True while a restore runs inputs again: edges stay quiet. */
  get replaying(): boolean {
    return this.#replaying;
  }

  /** When the next event is due, ms since the Unix epoch; `undefined` when nothing is scheduled. */
  get nextMs(): number | undefined {
    return this.#nowAt < this.#now.length ? this.#nowMs : this.#later.peek()?.at;
  }

  /** Processes that have not ended. */
  get running(): number {
    return this.#processes;
  }

  /** The stream of this name; one name, one stream. */
  random(name: string): Random {
    let stream = this.#random.get(name);
    if (stream === undefined) {
      stream = Random.fork(this.#randomSeed, name);
      this.#random.set(name, stream);
    }
    return stream;
  }

  /** The stream of secrets of this name: passwords, keys, tokens. What is public comes from `random`. */
  secrets(name: string): SecretStream {
    let stream = this.#secrets.get(name);
    if (stream === undefined) {
      stream = new SecretStream(this.#secretKey ?? this.#randomSeed, name);
      this.#secrets.set(name, stream);
    }
    return stream;
  }

  /** A stream of secrets that gives the same each time it is made. */
  fixedSecrets(name: string): SecretStream {
    return new SecretStream(this.#secretKey ?? this.seed, name);
  }

  /** From now on all streams are those of another seed: runs that begin with one restored world then go different ways. */
  reseed(seed: number | string): void {
    this.input("kernel.reseed", seed);
  }

  #reseed(seed: number | string): void {
    this.#randomSeed = seed;
    for (const [name, stream] of this.#random) stream.state = Random.fork(seed, name).state;
    if (this.#secretKey === undefined) for (const stream of this.#secrets.values()) stream.rekey(seed);
    this.record("kernel", "reseed", String(seed));
  }

  /** By how much durations of simulated work are scaled: 1 is real time, 0 none at all. */
  get pace(): number {
    return this.#pace;
  }

  /** From now on simulated work that begins takes this long; what has begun goes on as it did. */
  setPace(pace: Pace): void {
    this.input("kernel.pace", pace);
  }

  /** A duration of simulated work in ms, scaled by the pace. */
  work(durationMs: number): number {
    return Math.round(durationMs * this.#pace);
  }

  /** Notes a state change in the journal, at the present time. */
  record(source: string, kind: string, subject: string, data?: Readonly<Record<string, unknown>>): void {
    this.journal.record(this.#nowMs, source, kind, subject, data);
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
    const entry = this.#createEntry(delayMs);
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
    this.#timerKinds.set(kind, { handle: handler });
  }

  /** A timer that is plain data and so survives a checkpoint: calls the handler of `kind` with `data` after `delayMs`. */
  timer(delayMs: number, kind: string, data: unknown): number {
    if (!this.#timerKinds.has(kind)) throw new KernelError("KERNEL_UNKNOWN_TIMER", kind);
    const entry = this.#createEntry(delayMs);
    this.#arm({ id: ++this.#timerIds, at: entry.at, order: entry.order, kind, data }, entry);
    return this.#timerIds;
  }

  /** Cancels a plain timer; one that has fired is nobody's loss. */
  cancelTimer(id: number): void {
    const armed = this.#timers.get(id);
    if (armed === undefined) return;
    armed.entry.timer = undefined;
    this.#timers.delete(id);
  }

  #arm(timer: PlainTimer, entry: QueueEntry): void {
    entry.timer = timer;
    this.#timers.set(timer.id, { entry, timer });
    this.#push(entry);
  }

  /** A part of the state that snapshots capture. */
  slot<T>(name: string, initial: T): Slot<T> {
    const slot: Slot<T> = { value: initial };
    this.#slots.set(name, slot);
    return slot;
  }

  /** Names the handler of a kind of input. Answers with what sends such an input. */
  onInput<T, R>(kind: string, handler: (data: T) => R): (data: T) => R {
    this.#inputKinds.set(kind, { handle: handler });
    return (data) => this.input(kind, data) as R;
  }

  /** What comes in from outside (a request, a command of a test) enters here, so that a snapshot can bring it back. `data` is plain. */
  input(kind: string, data: unknown): unknown {
    const handler = this.#inputKinds.get(kind);
    if (handler === undefined) throw new KernelError("KERNEL_UNKNOWN_INPUT", kind);
    if (this.#recordInputs && !this.#replaying) {
      this.#checkpoint ??= this.#capture();
      // A copy: whoever gave it may change it, or use its memory again.
      this.#inputs.push({ atMs: this.#nowMs, events: this.#events, kind, data: structuredClone(data) });
    }
    return handler.handle(data);
  }

  /** For processes: resumes one that waits its `wait`-th time, within this instant. */
  resume(process: Resumable, wait: number, value: unknown, isError = false): void {
    const entry = this.#createEntry(0);
    entry.process = process;
    entry.wait = wait;
    entry.value = value;
    entry.isError = isError;
    this.#push(entry);
  }

  /** For processes: resumes one after a delay. */
  resumeAfter(delayMs: number, process: Resumable, wait: number): void {
    const entry = this.#createEntry(delayMs);
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
    this.record("kernel", "process.crash", name, {
      error: error instanceof Error ? error.message : String(error),
    });
    this.onCrash(name, error);
  }

  #createEntry(delayMs: number): QueueEntry {
    const at = this.#nowMs + Math.max(0, Math.round(delayMs));
    return {
      at,
      order: this.#order++,
      process: undefined,
      wait: 0,
      value: undefined,
      isError: false,
      callback: undefined,
      timer: undefined,
    };
  }

  #push(entry: QueueEntry): void {
    if (entry.at === this.#nowMs) this.#now.push(entry);
    else this.#later.push(entry);
    if (this.onScheduled !== undefined && !this.#replaying) this.onScheduled();
  }

  /** Takes the next entry that is due by `untilMs`, moving the clock to it. */
  #take(untilMs: number): QueueEntry | undefined {
    const next = this.#later.peek();
    // What was queued for this instant in the past is older than what was queued within it.
    if (next !== undefined && next.at === this.#nowMs) return this.#later.pop();
    const entry = this.#now[this.#nowAt];
    if (entry !== undefined) {
      this.#nowAt++;
      if (this.#nowAt === this.#now.length || this.#nowAt > 4096) {
        this.#now.splice(0, this.#nowAt);
        this.#nowAt = 0;
      }
      return entry;
    }
    if (next === undefined || next.at > untilMs) return undefined;
    this.#nowMs = next.at;
    return this.#later.pop();
  }

  /** Runs the next event that is due by `untilMs` (default: any). Answers whether there was one. */
  step(untilMs = Number.POSITIVE_INFINITY): boolean {
    const entry = this.#take(untilMs);
    if (entry === undefined) return false;
    this.#events++;
    if (entry.process !== undefined) {
      if (entry.process.waits === entry.wait) entry.process.step(entry.value, entry.isError);
    } else {
      const name = entry.timer?.kind ?? "callback";
      try {
        this.#call(entry);
      } catch (error) {
        // Whoever moves the clock has no part in what an event does.
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
    } else if (timer !== undefined) this.#fireTimer(timer);
  }

  #fireTimer(timer: PlainTimer): void {
    this.#timers.delete(timer.id);
    const handler = this.#timerKinds.get(timer.kind);
    if (handler === undefined) throw new KernelError("KERNEL_UNKNOWN_TIMER", timer.kind);
    handler.handle(timer.data, timer.id);
  }

  /** Runs all that is due by `atMs` and sets the clock to it. Never goes back. */
  advanceTo(atMs: number): void {
    let more = true;
    while (more) more = this.step(atMs);
    this.#nowMs = Math.max(this.#nowMs, Math.floor(atMs));
  }

  /** Runs until nothing is left, at most `eventsMax` events; answers how many ran. For worlds without periodic timers. */
  runToEnd(eventsMax = 100_000_000): number {
    let events = 0;
    while (this.step()) if (++events >= eventsMax) throw new KernelError("KERNEL_EVENTS_MAX", `${eventsMax} events`);
    return events;
  }

  #isQuiet(): boolean {
    return this.#processes === 0 && this.#callbacks === 0 && this.#nowAt === this.#now.length;
  }

  #capture(): Checkpoint {
    if (!this.#isQuiet())
      throw new KernelError("KERNEL_CALLBACK_IN_FLIGHT", `${this.#processes} processes, ${this.#callbacks} callbacks`);
    const timers = [...this.#timers.values()].map(({ timer }) => timer);
    return structuredClone({
      nowMs: this.#nowMs,
      events: this.#events,
      order: this.#order,
      timerIds: this.#timerIds,
      slots: new Map([...this.#slots].map(([name, slot]) => [name, slot.value])),
      timers,
      random: new Map([...this.#random].map(([name, stream]) => [name, stream.state])),
      randomSeed: this.#randomSeed,
      secrets: new Map([...this.#secrets].map(([name, stream]) => [name, stream.drawnBytes])),
      pace: this.#pace,
      journal: this.journal.mark(),
    });
  }

  /**
   * Captures the world. Where no process or callback is in flight this is a copy of the state; where one is, it is the
   * last such copy and the inputs since, which needs `recordInputs`.
   *
   * @throws KernelError KERNEL_NOT_RECORDING
   */
  snapshot(): Snapshot {
    if (this.#isQuiet()) {
      this.#checkpoint = this.#capture();
      this.#inputs = [];
    }
    if (this.#checkpoint === undefined) throw new KernelError("KERNEL_NOT_RECORDING");
    if (!this.#isQuiet() && !this.#recordInputs) throw new KernelError("KERNEL_NOT_RECORDING");
    return { checkpoint: this.#checkpoint, inputs: [...this.#inputs], nowMs: this.#nowMs, events: this.#events };
  }

  /**
   * Brings back what `snapshot` captured, to the same event; what runs from here has the same digest as it had from there.
   *
   * @throws KernelError FAULT_UNKNOWN_POINT … and nothing has changed, when a rule armed in it does not fit this world
   */
  restore(snapshot: Snapshot): void {
    this.faults.check(armedRulesOf(snapshot));
    this.#load(snapshot.checkpoint);
    this.#replaying = true;
    try {
      for (const input of snapshot.inputs) {
        this.#runTo(input.events, input.atMs);
        this.input(input.kind, structuredClone(input.data));
      }
      this.#runTo(snapshot.events, snapshot.nowMs);
    } finally {
      this.#replaying = false;
    }
    this.#checkpoint = snapshot.checkpoint;
    this.#inputs = [...snapshot.inputs];
    for (const callback of this.restored) callback();
    this.onScheduled?.();
  }

  /** Inputs that run again expect the tokens that they met. Without any, a key of its own never gives a secret twice. */
  #rewindSecrets({ secrets }: Checkpoint): void {
    if (this.#secretKey !== undefined && !this.#recordInputs) return;
    for (const [name, stream] of this.#secrets) {
      stream.rekey(this.#secretKey ?? this.#randomSeed);
      stream.drawnBytes = secrets.get(name) ?? 0;
    }
  }

  #runTo(events: number, atMs: number): void {
    while (this.#events < events) this.step();
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  #load(checkpoint: Checkpoint): void {
    const copy = structuredClone(checkpoint);
    this.#nowMs = copy.nowMs;
    this.#events = copy.events;
    this.#order = copy.order;
    this.#timerIds = copy.timerIds;
    this.#processes = 0;
    this.#callbacks = 0;
    this.#later = new TinyQueue<QueueEntry>([], bySchedule);
    this.#now = [];
    this.#nowAt = 0;
    this.#timers.clear();
    for (const [name, slot] of this.#slots) slot.value = copy.slots.get(name);
    this.#randomSeed = copy.randomSeed;
    this.#pace = copy.pace;
    for (const [name, stream] of this.#random)
      stream.state = copy.random.get(name) ?? Random.fork(this.#randomSeed, name).state;
    this.#rewindSecrets(copy);
    for (const timer of copy.timers) this.#arm(timer, { ...this.#createEntry(0), at: timer.at, order: timer.order });
    this.#order = copy.order;
    this.journal.rewind(copy.journal);
  }
}
