import type {
  LiveCheck,
  LiveClock,
  LiveEvent,
  LiveExchange,
  LiveLatency,
  LiveMessage,
  LiveRule,
  Row,
} from "../feed.ts";

/** How many events and requests the page keeps. */
const EVENTS_MAX = 20_000;
const EXCHANGES_MAX = 20_000;

/** The state of the stream. */
export type Status = "connecting" | "live" | "lost" | "refused";

/** Everything that the page knows. Views read it, and draw again when `version` has grown. */
export class Store {
  version = 0;
  status: Status = "connecting";
  title = "Drydock";
  facts: readonly (readonly [string, string])[] = [];
  hasCloud = true;
  clock: LiveClock | undefined;
  /** `performance.now()` when that came. */
  clockAtMs = 0;
  broken: readonly string[] = [];
  rules: readonly LiveRule[] = [];
  latency: readonly LiveLatency[] = [];
  headline = "";
  readonly rows = new Map<string, Row>();
  readonly checks = new Map<string, LiveCheck>();
  events: LiveEvent[] = [];
  exchanges: LiveExchange[] = [];
  /** Grows with each change of `rows`. */
  rowsVersion = 0;
  readonly #listeners = new Set<() => void>();
  readonly #plan: (draw: () => void) => void;
  #isPlanned = false;

  /** @param plan calls what draws at the next frame */
  constructor(plan: (draw: () => void) => void) {
    this.#plan = plan;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Schedules one drawing at the next frame, however much arrives before it. */
  change(): void {
    this.version++;
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#plan(() => {
      this.#isPlanned = false;
      for (const listener of this.#listeners) listener();
    });
  }

  setStatus(status: Status): void {
    this.status = status;
    this.change();
  }

  take(message: LiveMessage): void {
    this.#take(message);
    this.change();
  }

  #take(message: LiveMessage): void {
    switch (message.type) {
      case "hello":
        [this.title, this.facts, this.hasCloud] = [message.title, message.facts, message.hasCloud];
        return;
      case "rows":
        return this.#takeRows(message);
      case "events":
        this.events = joinEvents(this.events.at(-1)?.seq ?? 0, this.events, message.events);
        return;
      case "exchanges":
        this.exchanges = [...this.exchanges, ...message.exchanges].slice(-EXCHANGES_MAX);
        return;
      case "clock":
        [this.clock, this.clockAtMs] = [message.clock, performance.now()];
        return;
      case "laws":
        this.broken = message.broken;
        return;
      case "faults":
        this.rules = message.rules;
        return;
      case "latency":
        this.latency = message.latency;
        return;
      case "checks":
        this.headline = message.headline;
        for (const check of message.checks) this.checks.set(check.id, check);
    }
  }

  #takeRows({ put, gone, isFresh }: LiveMessage & { readonly type: "rows" }): void {
    if (isFresh) this.rows.clear();
    for (const row of put) this.rows.set(row.id, row);
    for (const id of gone) this.rows.delete(id);
    this.rowsVersion++;
  }
}

/** After a restore the journal is shorter than before: what came after the restored moment never happened. */
function joinEvents(newest: number, old: readonly LiveEvent[], next: readonly LiveEvent[]): LiveEvent[] {
  const first = next[0]?.seq ?? newest + 1;
  const kept = first > newest ? old : old.filter(({ seq }) => seq < first);
  return [...kept, ...next].slice(-EVENTS_MAX);
}

/** The current time of the cloud, also between two messages. */
export function cloudNowMs({ clock, clockAtMs }: Store): number {
  if (clock === undefined) return Date.now();
  return clock.isPaused || clock.kind === "virtual" ? clock.nowMs : clock.nowMs + performance.now() - clockAtMs;
}
