import { LATENCY_BOUNDS_MS } from "./feed.ts";

/** How many requests a histogram counts. */
export const countOf = (counts: readonly number[]): number => counts.reduce((sum, each) => sum + each, 0);

/**
 * The duration within which a fraction of all requests (0.99) was answered, in ms: its bucket's upper bound, at most a fifth above the true figure.
 * Beyond the last bound it is `maxMs`. 0 for an empty histogram.
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
