import type { LocalFetch } from "./kernel/edge/local.ts";

/** What code outside the simulators has of the place it runs in: a network, a clock, patience. In a scenario all three are the world's. */
export interface Environment {
  /** `fetch`, sent from the address that the environment stands for. */
  readonly fetch: LocalFetch;
  /** ms since the Unix epoch, by the clock of the world. */
  nowMs(): number;
  /** Resolves `ms` of the world's time later. */
  sleepMs(ms: number): Promise<void>;
  /** Keeps virtual time from moving while this goes on outside the world. */
  track<T>(work: Promise<T>): Promise<T>;
  /** The factor on durations of simulated work, and so on polling: 1 in real time, 0 when work takes none. */
  readonly pace: number;
}
