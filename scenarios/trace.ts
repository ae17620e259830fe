import type { JournalEvent } from "../simulators/kernel/index.ts";
import type { SeedResult } from "./scenario.ts";

/** Where something happens, from the customer inwards. */
export const LANES = ["client", "broker", "director", "CPI", "OpenStack", "agents", "faults"] as const;
/** Where something happens. */
type Lane = (typeof LANES)[number];

/** Something that happened in a play. */
export interface TraceEvent {
  /** Virtual time since the play began, in ms. */
  readonly atMs: number;
  readonly lane: Lane;
  readonly text: string;
}

/** A step of a play, with the state of the cloud before and after it, one line each. */
export interface TracedStep {
  readonly name: string;
  readonly atMs: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Everything that a person needs in order to see how a play went. */
export interface SeedTrace {
  readonly result: SeedResult;
  readonly steps: readonly TracedStep[];
  readonly events: readonly TraceEvent[];
  /** The subject's own account of its state after the failure. */
  readonly records: readonly string[];
}

/** Lanes by the source of an event; all other sources belong to OpenStack. */
const LANE_OF: Readonly<Record<string, Lane>> = {
  bosh: "director",
  director: "director",
  uaa: "director",
  cpi: "CPI",
  agent: "agents",
  dataservices: "agents",
  dns: "agents",
  consul: "agents",
  faults: "faults",
  broker: "broker",
};

/** How many events of a play a trace keeps: enough for a person. */
const EVENTS_MAX = 5000;

/** The director's record of its calls of the CPI. */
const CPI_EVENTS = /^(vm|disk)\.(create|delete)$/;

/** The lane of an event of the journal. */
export function laneOf({ source, kind }: Pick<JournalEvent, "source" | "kind">): Lane {
  if (kind.startsWith("fault.")) return "faults";
  const lane = LANE_OF[source.split(/[/.]/)[0] ?? ""] ?? "OpenStack";
  return lane === "director" && CPI_EVENTS.test(kind) ? "CPI" : lane;
}

/** Collects a trace while a play goes on. */
export class Tracer {
  readonly #events: TraceEvent[] = [];
  readonly #steps: TracedStep[] = [];
  readonly #startMs: number;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  get #atMs(): number {
    return this.#nowMs() - this.#startMs;
  }

  /** Notes something that happened now. */
  note(lane: Lane, text: string): void {
    if (this.#events.length < EVENTS_MAX) this.#events.push({ atMs: this.#atMs, lane, text });
  }

  /** Notes an event of the journal. */
  hear(event: JournalEvent): void {
    const { kind, subject, data } = event;
    const details = Object.entries(data).map(
      ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    this.note(laneOf(event), [kind, subject, ...details].join(" ").slice(0, 200));
  }

  /** Performs a step, and records the state before and after it. */
  async step<T>(name: string, look: () => readonly string[], perform: () => Promise<T>): Promise<T> {
    const [atMs, before] = [this.#atMs, look()];
    this.note("client", name);
    try {
      return await perform();
    } finally {
      this.#steps.push({ name, atMs, before, after: look() });
    }
  }

  /** The trace of a play that has ended. */
  end(result: SeedResult): Omit<SeedTrace, "records"> {
    return { result, steps: this.#steps, events: this.#events };
  }
}
