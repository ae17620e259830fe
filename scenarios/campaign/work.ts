import { setTimeout as sleep } from "node:timers/promises";
import type { PreparedScenario } from "../scenario.ts";
import type { Board, TakenUnit } from "./board.ts";
import type { Played } from "./result.ts";
import { splitUnit, type Unit } from "./unit.ts";

/** Prepares what a unit plays. */
type Preparer = (unit: Unit) => Promise<PreparedScenario>;

/** How a worker works. */
interface WorkOptions {
  readonly board: Board;
  readonly prepare: Preparer;
  /** Names this worker in its verdicts. */
  readonly worker: string;
  readonly signal: AbortSignal;
  /** Ends once nothing has been waiting for this long, in ms. Default: it waits until `signal` is aborted. */
  readonly idleMs?: number;
  /** Called after each unit with a line for a person. */
  readonly say: (line: string) => void;
}

const LOOK_MS = 100;

/** Takes units and plays them one after another. Returns how many seeds it has played. */
export async function work(options: WorkOptions): Promise<number> {
  const { board, signal, idleMs = Number.POSITIVE_INFINITY, say, worker } = options;
  let seeds = 0;
  let idleSince = performance.now();
  while (!signal.aborted && performance.now() - idleSince < idleMs) {
    const taken = await board.take();
    if (taken === undefined) {
      await sleep(LOOK_MS);
      continue;
    }
    seeds += await workOn(options, taken);
    idleSince = performance.now();
    say(`${worker}: seeds ${taken.unit.from} to ${taken.unit.from + taken.unit.count - 1} of ${taken.unit.scenario}`);
  }
  return seeds;
}

/** Plays a unit; one that has killed a worker is split until the seed that does it is alone. */
async function workOn({ board, prepare, worker }: WorkOptions, taken: TakenUnit): Promise<number> {
  const { unit, retryCount } = taken;
  if (retryCount > 0 && unit.count > 1) {
    await board.replace(taken, splitUnit(unit));
    return 0;
  }
  const prepared = await prepare(unit);
  const played: Played[] = [];
  for (let seed = unit.from; seed < unit.from + unit.count; seed++) {
    const begin = performance.now();
    const result = await prepared.run(seed);
    played.push({ result, durationMs: performance.now() - begin });
  }
  return (await board.complete(taken, played, worker)) ? unit.count : 0;
}

/** Prepares each subject once. */
export function prepareOnce(prepare: Preparer): Preparer {
  const known = new Map<string, Promise<PreparedScenario>>();
  return (unit) => {
    const key = `${unit.scenario}+${unit.plantedBug ?? ""}`;
    const found = known.get(key) ?? prepare(unit);
    known.set(key, found);
    return found;
  };
}
