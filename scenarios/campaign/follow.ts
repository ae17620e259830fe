import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Board } from "./board.ts";
import type { Played } from "./result.ts";
import { cutUnits, seedsOfUnit, type Unit } from "./unit.ts";

/** A campaign: seeds of a subject, in the order in which they should be played. */
export interface Campaign {
  readonly subject: Pick<Unit, "scenario" | "plantedBug">;
  /** Seeds that failed before, which are played first. */
  readonly urgent: readonly number[];
  readonly seeds: readonly number[];
}

const LOOK_MS = 200;
const SILENCE_MS = 30_000;
/** How many rows open transactions may hold at once. */
const LOOK_BACK = 20_000;

/**
 * Puts a campaign on a board, and yields its verdicts as workers write them, until each seed has one or `signal` is aborted.
 *
 * @param say called when nothing has come for half a minute
 */
export async function* followCampaign(
  board: Board,
  { subject, urgent, seeds }: Campaign,
  signal: AbortSignal,
  say: (line: string) => void,
): AsyncGenerator<Played> {
  const campaign = randomUUID();
  const size = seedsOfUnit(await board.costOf(subject));
  const others = seeds.filter((seed) => !urgent.includes(seed));
  if (urgent.length > 0) await board.put(cutUnits(urgent, 1, { ...subject, campaign }), 2);
  await board.put(cutUnits(others, size, { ...subject, campaign }));
  let left = urgent.length + others.length;
  const seen = new Set<number>();
  let latest = 0;
  let heardMs = performance.now();
  while (left > 0 && !signal.aborted) {
    await board.judgeDead("dead letters");
    // Rows are numbered before their transactions commit, so that a row may come after others of higher numbers.
    const verdicts = await board.verdicts(campaign, latest - LOOK_BACK);
    for (const { at, ...played } of verdicts) {
      latest = Math.max(latest, at);
      if (seen.has(played.result.seed)) continue;
      seen.add(played.result.seed);
      left--;
      heardMs = performance.now();
      yield played;
    }
    if (performance.now() - heardMs > SILENCE_MS) {
      heardMs = performance.now();
      latest = 0;
      say(`nothing has come for ${SILENCE_MS / 1000} s; does a worker of this version run? drydock worker --queue URL`);
    }
    if (left > 0) await sleep(LOOK_MS);
  }
  if (signal.aborted) await board.clear();
}
