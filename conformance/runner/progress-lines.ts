import type { Wait } from "../client/run-memory.ts";

/** How often a run says what it is waiting for, in milliseconds of real time. */
const PROGRESS_MS = 10_000;
/** Kinds of operations that a line names; the others are counted. */
const KINDS_MAX = 3;

/** `3 × provision of plan small (40 s)`, the longest wait of each kind first. */
function describeWaits(waits: readonly Wait[], nowMs: number): string {
  const kinds = [...Map.groupBy(waits, ({ operation, planName }) => `${operation} of plan "${planName}"`)]
    .map(([what, same]) => ({ what, count: same.length, ms: nowMs - Math.min(...same.map(({ sinceMs }) => sinceMs)) }))
    .sort((a, b) => b.ms - a.ms);
  const named = kinds
    .slice(0, KINDS_MAX)
    .map(({ what, count, ms }) => `${count > 1 ? `${count} × ` : ""}${what} (${Math.round(ms / 1000)} s)`);
  const more = kinds.length - named.length;
  return `${named.join(", ")}${more > 0 ? `, and ${more} more kinds` : ""}`;
}

/** What a run is waiting for, in one line. */
export function progressLine(
  { done, planned }: { readonly done: number; readonly planned: number },
  waits: readonly Wait[],
  nowMs: number,
): string {
  const waitedFor = waits.length === 0 ? "for answers" : `for ${describeWaits(waits, nowMs)}`;
  return `${done} of ${planned} checks done; waiting ${waitedFor}`;
}

/** Says something every ten seconds, until the function that it returns is called. */
export function eachTenSeconds(say: () => void): () => void {
  const timer = setInterval(say, PROGRESS_MS);
  timer.unref();
  return () => clearInterval(timer);
}
