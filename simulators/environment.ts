import type { LocalFetch } from "./kernel/edge/local.ts";

/**
 * The surroundings that code outside the simulators may use: a network, a clock, a sleep. In a scenario all
 * three belong to the world.
 */
export interface Environment {
  /** `fetch`, from the address of the environment. */
  readonly fetch: LocalFetch;
  /** ms since the Unix epoch, by the world's clock. */
  nowMs(): number;
  /** Resolves `ms` of the world's time later. */
  sleepMs(ms: number): Promise<void>;
  /** Stops virtual time while this goes on outside the world. */
  track<T>(work: Promise<T>): Promise<T>;
  /** The factor on durations of simulated work, and so on polling: 1 in real time, 0 when work takes none. */
  readonly pace: number;
}
