import { measureBeside } from "./beside.ts";
import type { LoadWorker } from "./load-workers.ts";
import { LoadTally } from "./figures.ts";
import { describeGlances } from "./glance.ts";
import type { LoadPlan } from "./plan.ts";
import type { ThresholdResult, Threshold } from "./thresholds.ts";
import { findInvalid } from "./validity.ts";

const LOOK_MS = 1000;

/** A load run that could not begin. */
export class LoadError extends Error {
  readonly code = "LOAD_NOT_BEGUN";

  constructor(what: string) {
    super(`LOAD_NOT_BEGUN: ${what}`);
    this.name = "LoadError";
  }
}

/** The result of a load run. */
export interface LoadOutcome {
  readonly tally: LoadTally;
  /** Time from the first request to the last end, in ms. */
  readonly elapsedMs: number;
  /** Why it says nothing about the target; empty if it does. */
  readonly invalid: readonly string[];
  readonly thresholds: readonly ThresholdResult[];
  /** Things that could not be removed. */
  readonly left: readonly string[];
  readonly wasInterrupted: boolean;
}

/** How a load run is conducted. */
interface Conduct {
  readonly plan: Pick<LoadPlan, "model" | "beside" | "keep" | "target">;
  readonly workers: readonly LoadWorker[];
  readonly thresholds: readonly Threshold[];
  readonly signal: AbortSignal;
  /** Called each second with a line for a person. */
  readonly say: (line: string) => void;
}

const together = async <T>(
  workers: readonly LoadWorker[],
  ask: (worker: LoadWorker) => Promise<readonly T[]>,
): Promise<readonly T[]> => (await Promise.all(workers.map(ask))).flat();

/** Conducts a load run: each worker makes its first instances, all begin together, and each removes what it made. @throws LoadError */
export async function conductLoad(conduct: Conduct): Promise<LoadOutcome> {
  const { plan, workers, thresholds, signal, say } = conduct;
  try {
    say("making the first instances");
    const wrong = await together(workers, (each) => each.prepare());
    if (wrong.length > 0) throw new LoadError(`the first instances could not be made: ${wrong.join("; ")}`);
    const { tally, elapsedMs } = await measure(conduct);
    const invalid = findInvalid(tally, plan.model.kind);
    const judged = thresholds.map((each) => each.judge(tally, elapsedMs));
    return {
      tally,
      elapsedMs,
      invalid,
      thresholds: judged,
      left: await removeUnlessKept(conduct),
      wasInterrupted: signal.aborted,
    };
  } catch (error) {
    await removeUnlessKept(conduct).catch(() => undefined);
    throw error;
  } finally {
    for (const each of workers) each.close();
  }
}

async function removeUnlessKept({ plan, workers, say }: Conduct): Promise<readonly string[]> {
  if (plan.keep) return [];
  say("removing what was made");
  return together(workers, (each) => each.remove());
}

async function measure({ plan, workers, signal, say }: Conduct): Promise<Pick<LoadOutcome, "tally" | "elapsedMs">> {
  const tally = new LoadTally();
  const done = new AbortController();
  const beside =
    plan.beside === undefined ? undefined : measureBeside(plan.beside, plan.target.ca, tally.beside, done.signal);
  const begin = performance.now();
  const looking = setInterval(() => {
    Promise.all(workers.map((each) => each.glance())).then(
      (glances) => say(describeGlances(glances, performance.now() - begin)),
      () => undefined,
    );
  }, LOOK_MS);
  try {
    await Promise.all(workers.map((each) => each.run(signal)));
  } finally {
    clearInterval(looking);
    done.abort();
    await beside;
  }
  const elapsedMs = performance.now() - begin;
  for (const each of workers) tally.add(await each.figures());
  return { tally, elapsedMs };
}

/** Divides a plan among several processes. */
export function sharePlan(plan: LoadPlan, processes: number): readonly LoadPlan[] {
  const share = (count: number, at: number): number => Math.floor(count / processes) + (at < count % processes ? 1 : 0);
  return Array.from({ length: processes }, (_, at): LoadPlan => {
    const { model } = plan;
    const own: LoadPlan["model"] =
      model.kind === "closed"
        ? { ...model, users: share(model.users, at) }
        : {
            ...model,
            rate: model.rate / processes,
            phase: at / processes,
            ...(model.rampTo !== undefined && { rampTo: model.rampTo / processes }),
          };
    const prefix = (Number.parseInt(plan.prefix, 16) + at).toString(16).padStart(8, "0").slice(-8);
    return { ...plan, model: own, instances: share(plan.instances, at), seed: plan.seed + at, prefix };
  }).filter(({ model }) => model.kind === "open" || model.users > 0);
}
