import { setTimeout as sleep } from "node:timers/promises";

/** Time as a run sees it: real, or virtual if broker and suite share a process. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Rejects when the signal aborts. */
  sleepMs(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Real time. */
export const wallClock: Clock = {
  nowMs: () => Date.now(),
  sleepMs: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
};
