import { LATENCY_BOUNDS_MS } from "./feed.ts";

/** Requests that a histogram counts. */
export const countOf = (counts: readonly number[]): number => counts.reduce((sum, each) => sum + each, 0);

/**
 * The upper bound of the bucket in which a share of all requests (0.99) has been answered, in ms: at most a fifth above the true figure.
 * `maxMs` stands for what is beyond the last bound. 0 for an empty histogram.
 */
export function percentileOf(counts: readonly number[], share: number, maxMs: number): number {
  const wanted = countOf(counts) * share;
  let seen = 0;
  for (const [at, count] of counts.entries()) {
    seen += count;
    if (count > 0 && seen >= wanted) return Math.min(maxMs, LATENCY_BOUNDS_MS[at] ?? maxMs);
  }
  return 0;
}
