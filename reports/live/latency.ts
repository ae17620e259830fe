import { LATENCY_BOUNDS_MS, type LiveExchange, type LiveLatency } from "./feed.ts";

interface Tally {
  readonly counts: number[];
  errors: number;
  maxMs: number;
}

/** How fast each service has answered since the start. */
export class Latencies {
  readonly #tallies = new Map<string, Tally>();

  add({ service, durationMs, status }: LiveExchange): void {
    const tally = this.#tallies.get(service) ?? { counts: [], errors: 0, maxMs: 0 };
    this.#tallies.set(service, tally);
    const at = LATENCY_BOUNDS_MS.findIndex((bound) => durationMs <= bound);
    const bucket = at === -1 ? LATENCY_BOUNDS_MS.length : at;
    tally.counts[bucket] = (tally.counts[bucket] ?? 0) + 1;
    tally.maxMs = Math.max(tally.maxMs, durationMs);
    if (status >= 500) tally.errors++;
  }

  list(): readonly LiveLatency[] {
    return [...this.#tallies].map(([service, { counts, errors, maxMs }]) => ({
      service,
      counts: Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, (_, at) => counts[at] ?? 0),
      errors,
      maxMs,
    }));
  }
}
