import { KernelError } from "./errors.ts";
import { Faults } from "./faults.ts";
import { armedRulesOf, type Checkpoint, History, type Snapshot } from "./history.ts";
import { Journal } from "./journal.ts";
import { EPOCH_MS, type KernelOptions, type Pace, PACES } from "./options.ts";
import type { Random } from "./random.ts";
import type { KeptInput, Keeper } from "./keeper.ts";
import { Scheduler } from "./scheduler.ts";
import type { SecretStream } from "./secrets.ts";
import { Streams } from "./streams.ts";

/** A named part of the world's state. Plain data (what structuredClone takes); read `value` each time, a restore replaces it. */
export interface Slot<T> {
  value: T;
}

/** Handlers are looked up by kind, which loses the type of their data; whoever registers a kind and whoever sends it agree on the type. */
interface InputHandler {
  handle(data: unknown): unknown;
}

/**
 * The discrete-event kernel: one clock, one queue, one journal, one seed. Everything in `simulators/` is a state machine on it.
 *
 * Time moves only in `step`, `advanceTo` and `advanceBy`. Who calls them decides what the clock is: in a scenario the driver jumps from
 * event to event, in a live world it follows the wall (see `edge/drive.ts`). Events of one instant run in the order in which
 * they were scheduled.
 */
export class Kernel extends Scheduler {
  readonly seed: number | string;
  readonly journal: Journal;
  readonly faults: Faults;
  /** Each is called after a restore, for edges that hold sockets or caches. */
  readonly restored = new Set<() => void>();

  /** Keeps what comes in, for a world that outlives its process. Default: nothing is kept. */
  keeper: Keeper | undefined;

  #pace: number;
  /** True while an input or an event runs: what is sent to the gate meanwhile follows from it. */
  #isInside = false;
  #isRepeating = false;
  readonly #streams: Streams;
  readonly #slots = new Map<string, Slot<unknown>>();
  readonly #inputKinds = new Map<string, InputHandler>();
  readonly #history: History;

  constructor(options: KernelOptions = {}) {
    super(options.startMs ?? EPOCH_MS);
    this.seed = options.seed ?? 1;
    this.#streams = new Streams(this.seed, options.secretKey);
    this.#pace = PACES[options.pace ?? "realistic"];
    this.journal = new Journal(options.journalEventsMax);
    this.#history = new History(
      {
        isQuiet: () => this.isQuiet(),
        capture: () => this.#capture(),
        load: (checkpoint) => this.#load(checkpoint),
        runTo: (events, atMs) => this.runTo(events, atMs),
        input: (kind, data) => this.input(kind, data),
        position: () => ({ nowMs: this.nowMs, events: this.events }),
      },
      options.recordInputs ?? false,
    );
    this.faults = new Faults(this);
    this.onInput<number | string, void>("kernel.reseed", (seed) => {
      this.#streams.reseed(seed);
      this.record("kernel", "reseed", String(seed));
    });
    this.onInput<Pace, void>("kernel.pace", (pace) => {
      this.#pace = PACES[pace];
    });
  }

  /** True while a restore runs inputs again: edges stay quiet. */
  get replaying(): boolean {
    return this.#isRepeating || this.#history.replaying;
  }

  /** The stream of this name; one name, one stream. */
  random(name: string): Random {
    return this.#streams.random(name);
  }

  /** The stream of secrets of this name: passwords, keys, tokens. What is public comes from `random`. */
  secrets(name: string): SecretStream {
    return this.#streams.secrets(name);
  }

  /** A stream of secrets that starts afresh, with the same secrets, each time it is made. */
  fixedSecrets(name: string): SecretStream {
    return this.#streams.fixedSecrets(name);
  }

  /** Switches all streams to another seed, so that runs from one restored world differ. */
  reseed(seed: number | string): void {
    this.input("kernel.reseed", seed);
  }

  /** The factor by which durations of simulated work are scaled: 1 is real time, 0 none at all. */
  get pace(): number {
    return this.#pace;
  }

  /** Sets the pace of simulated work that begins from now on; work in progress keeps the pace with which it began. */
  setPace(pace: Pace): void {
    this.input("kernel.pace", pace);
  }

  /** A duration of simulated work in ms, scaled by the pace. */
  work(durationMs: number): number {
    return Math.round(durationMs * this.#pace);
  }

  /** Writes a state change into the journal, at the present time. */
  record(source: string, kind: string, subject: string, data?: Readonly<Record<string, unknown>>): void {
    this.journal.record(this.nowMs, source, kind, subject, data);
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

  /**
   * What comes in from outside (a request, a command of a test) enters here, so that a snapshot can bring it back. `data` is plain.
   *
   * @throws KernelError KERNEL_UNKNOWN_INPUT
   */
  input(kind: string, data: unknown): unknown {
    const handler = this.#inputKinds.get(kind);
    if (handler === undefined) throw new KernelError("KERNEL_UNKNOWN_INPUT", kind);
    this.#history.keep(kind, data);
    if (this.keeper === undefined || this.#isInside || this.replaying) return handler.handle(data);
    // Anything that is due now comes first, as it will when the inputs are repeated.
    this.advanceTo(this.nowMs);
    this.keeper.keep({ atMs: this.nowMs, kind, data });
    return this.#inside(() => handler.handle(data));
  }

  #inside<R>(work: () => R): R {
    this.#isInside = true;
    try {
      return work();
    } finally {
      this.#isInside = false;
    }
  }

  override advanceTo(atMs: number): void {
    const { keeper, events } = this;
    if (keeper === undefined || this.#isInside || this.replaying) return super.advanceTo(atMs);
    this.#inside(() => super.advanceTo(atMs));
    // What happened may be seen outside from now on, so it must happen again at the same time.
    if (this.events === events) return;
    try {
      keeper.keep({ atMs: this.nowMs });
    } catch (error) {
      // It does not concern whoever moves the clock.
      this.onCrash("keeper", error);
    }
  }

  /**
   * Repeats what a keeper kept, each input at its time, in a world that was made with the same options. Edges stay quiet, and what an input threw
   * then it throws again, unheard.
   */
  repeat(inputs: Iterable<KeptInput>): void {
    this.#isRepeating = true;
    try {
      for (const { atMs, kind, data } of inputs) {
        this.advanceTo(atMs);
        if (kind !== undefined) this.#repeatOne(kind, data);
      }
    } finally {
      this.#isRepeating = false;
    }
  }

  #repeatOne(kind: string, data: unknown): void {
    const handler = this.#inputKinds.get(kind);
    if (handler === undefined) throw new KernelError("KERNEL_UNKNOWN_INPUT", kind);
    try {
      handler.handle(data);
    } catch {
      // Whoever sent it has heard.
    }
  }

  override reportCrash(name: string, error: unknown): void {
    this.record("kernel", "process.crash", name, {
      error: error instanceof Error ? error.message : String(error),
    });
    super.reportCrash(name, error);
  }

  /**
   * Captures the world. Where no process or callback is in flight this is a copy of the state; where one is, it is the
   * last such copy and the inputs since, which needs `recordInputs`.
   *
   * @throws KernelError KERNEL_NOT_RECORDING; KERNEL_KEPT where inputs are kept, as a restore would be missing among them
   */
  snapshot(): Snapshot {
    if (this.keeper !== undefined) throw new KernelError("KERNEL_KEPT");
    return this.#history.snapshot();
  }

  /**
   * Brings back what `snapshot` captured, to the same event; what runs from here has the same digest as it had from there.
   *
   * @throws KernelError FAULT_UNKNOWN_POINT … and nothing has changed, when a rule armed in it does not fit this world
   */
  restore(snapshot: Snapshot): void {
    if (this.keeper !== undefined) throw new KernelError("KERNEL_KEPT");
    this.faults.check(armedRulesOf(snapshot));
    this.#history.restore(snapshot);
    for (const callback of this.restored) callback();
    this.onScheduled?.();
  }

  #capture(): Checkpoint {
    return structuredClone({
      schedule: this.captureSchedule(),
      slots: new Map([...this.#slots].map(([name, slot]) => [name, slot.value])),
      streams: this.#streams.positions(),
      pace: this.#pace,
      journal: this.journal.mark(),
    });
  }

  #load(checkpoint: Checkpoint): void {
    const { schedule, slots, streams, pace, journal } = structuredClone(checkpoint);
    for (const [name, slot] of this.#slots) slot.value = slots.get(name);
    this.#pace = pace;
    // Inputs that run again expect the tokens that they saw the first time. Where none are kept, a key of its own never gives a secret twice.
    this.#streams.moveTo(streams, !this.#streams.hasSecretKey || this.#history.recordsInputs);
    this.loadSchedule(schedule);
    this.journal.rewind(journal);
  }
}
