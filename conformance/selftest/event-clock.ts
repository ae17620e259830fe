import type { Clock } from "../client/clock.ts";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/**
 * A virtual clock for a suite and a broker that share a process: once everybody sleeps, it jumps to the time
 * of the next wake-up. Work that waits for anything but this clock (a socket, a timer) looks like sleep to
 * it.
 */
export function eventClock(startMs = 0): Clock {
  let nowMs = startMs;
  const sleepers: Sleeper[] = [];
  let isTurning = false;
  /** Resolved promises continue before the next turn of the event loop. */
  const turn = (): void => {
    isTurning = false;
    const next = sleepers.shift();
    if (next === undefined) return;
    nowMs = Math.max(nowMs, next.atMs);
    next.wake();
    turnSoon();
  };
  const turnSoon = (): void => {
    if (isTurning || sleepers.length === 0) return;
    isTurning = true;
    setImmediate(turn);
  };
  const sleepMs = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const sleeper = { atMs: nowMs + ms, wake: resolve };
      const at = sleepers.findLastIndex(({ atMs }) => atMs <= sleeper.atMs) + 1;
      sleepers.splice(at, 0, sleeper);
      const giveUp = (): void => {
        const reason: unknown = signal?.reason;
        reject(reason instanceof Error ? reason : new Error(String(reason)));
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      turnSoon();
    });
  return { nowMs: () => nowMs, sleepMs };
}
