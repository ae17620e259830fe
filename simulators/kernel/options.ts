/** 1 January 2026, 00:00:00 UTC: when a virtual world begins by default. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);

/** The factor by which durations of simulated work are scaled. */
export const PACES = { realistic: 1, fast: 1 / 100, instant: 0 } as const;
/** The name of a pace. */
export type Pace = keyof typeof PACES;

/** How a kernel is made. */
export interface KernelOptions {
  /** Default 1. */
  readonly seed?: number | string;
  /** The key from which secrets are drawn; whoever knows it knows them. Default: the seed, so that a run can be repeated to the byte. */
  readonly secretKey?: string;
  /** ms since the Unix epoch at which the world begins. Default `EPOCH_MS`. */
  readonly startMs?: number;
  /** Default `realistic`. */
  readonly pace?: Pace;
  /** Journal events kept in memory. Default 100,000. */
  readonly journalEventsMax?: number;
  /** Keep what came in from outside since the last checkpoint, so that a snapshot can be taken with work in flight. Default false. */
  readonly recordInputs?: boolean;
}
