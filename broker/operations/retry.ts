import { BackendError, StoreError } from "../errors.ts";
import type { Host } from "../host.ts";

/** Pause between the rounds of an operation while a backend is down. */
const ROUND_MS = 120_000;

/** How often a whole operation is tried while a backend is down, at most. */
export const ROUNDS_MAX = 5;
/** The same for a backup, for which nobody should have to wait longer than ten minutes, its clean-up included: the next one is there for the asking. */
export const BACKUP_ROUNDS_MAX = 1;

/** Pause before a store that is away is tried again: longer each time, up to a limit. */
const STORE_MS = 500;
const STORE_MS_MAX = 30_000;

/**
 * Runs work again while a backend is down, up to `roundsMax` times in all. An unavailable store costs no round: the wait for it has no limit.
 *
 * @param roundsMax may be infinite
 * @throws the last BackendError, or at once any other error
 */
export async function retryRounds(host: Host, roundsMax: number, work: () => Promise<void>): Promise<void> {
  for (let [round, outages] = [1, 0]; ; ) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      if (error instanceof StoreError) {
        // The store has refused nothing, and while it is away no ending could be stored either.
        await host.sleepMs(Math.min(STORE_MS_MAX, STORE_MS * 2 ** outages++));
        continue;
      }
      if (round++ === roundsMax) throw error;
      outages = 0;
      await host.sleepMs(ROUND_MS);
    }
  }
}

/** Makes work that never runs twice at once: calls during a run cause exactly one further run. */
export function coalesce(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let isAskedFor = false;
  const run = async (): Promise<void> => {
    try {
      do {
        isAskedFor = false;
        await work();
      } while (isAskedFor);
    } finally {
      running = undefined;
    }
  };
  return () => {
    isAskedFor = true;
    return (running ??= run());
  };
}
