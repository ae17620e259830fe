import { KernelError } from "./errors.ts";
import type { ArmedRule } from "./faults.ts";
import type { FaultRule } from "./faults/point.ts";
import type { JournalMark } from "./journal.ts";
import type { ScheduleState } from "./scheduler.ts";
import type { StreamPositions } from "./streams.ts";

interface RecordedInput {
  readonly atMs: number;
  readonly events: number;
  readonly kind: string;
  readonly data: unknown;
}

/** The whole state of a kernel in which no process or callback is in flight, as plain data. */
export interface Checkpoint {
  readonly schedule: ScheduleState;
  readonly slots: ReadonlyMap<string, unknown>;
  readonly streams: StreamPositions;
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
export function armedRulesOf({ checkpoint, inputs }: Snapshot): readonly FaultRule[] {
  const { rules } = checkpoint.slots.get("kernel/faults") as { rules: readonly ArmedRule[] };
  const armed = inputs.filter(({ kind }) => kind === "fault.arm").map(({ data }) => data as FaultRule);
  return [...rules.map(({ rule }) => rule), ...armed];
}

/** A kernel as its history sees it. */
interface Recorded {
  /** The time, ms since the Unix epoch, and the number of events run. */
  position(): { readonly nowMs: number; readonly events: number };
  /** Whether no process or callback is in flight. */
  isQuiet(): boolean;
  capture(): Checkpoint;
  load(checkpoint: Checkpoint): void;
  /** Runs up to this event and sets the clock. */
  runTo(events: number, atMs: number): void;
  input(kind: string, data: unknown): unknown;
}

/** The memory of a kernel by which it can be restored: the last checkpoint and the inputs since. */
export class History {
  /** True while a restore runs inputs again. */
  replaying = false;
  /** Whether inputs are kept. */
  readonly recordsInputs: boolean;
  readonly #kernel: Recorded;
  #checkpoint: Checkpoint | undefined;
  #inputs: RecordedInput[] = [];

  constructor(kernel: Recorded, recordsInputs: boolean) {
    this.#kernel = kernel;
    this.recordsInputs = recordsInputs;
  }

  /** Keeps an input that is about to be handled. */
  keep(kind: string, data: unknown): void {
    if (!this.recordsInputs || this.replaying) return;
    this.#checkpoint ??= this.#kernel.capture();
    const { nowMs, events } = this.#kernel.position();
    // A copy, as the caller may change the value or reuse its memory.
    this.#inputs.push({ atMs: nowMs, events, kind, data: structuredClone(data) });
  }

  /** @throws KernelError KERNEL_NOT_RECORDING with work in flight and no inputs kept */
  snapshot(): Snapshot {
    const isQuiet = this.#kernel.isQuiet();
    if (isQuiet) {
      this.#checkpoint = this.#kernel.capture();
      this.#inputs = [];
    }
    if (this.#checkpoint === undefined) throw new KernelError("KERNEL_NOT_RECORDING");
    if (!isQuiet && !this.recordsInputs) throw new KernelError("KERNEL_NOT_RECORDING");
    return { checkpoint: this.#checkpoint, inputs: [...this.#inputs], ...this.#kernel.position() };
  }

  restore(snapshot: Snapshot): void {
    this.#kernel.load(snapshot.checkpoint);
    this.replaying = true;
    try {
      for (const input of snapshot.inputs) {
        this.#kernel.runTo(input.events, input.atMs);
        this.#kernel.input(input.kind, structuredClone(input.data));
      }
      this.#kernel.runTo(snapshot.events, snapshot.nowMs);
    } finally {
      this.replaying = false;
    }
    this.#checkpoint = snapshot.checkpoint;
    this.#inputs = [...snapshot.inputs];
  }
}
