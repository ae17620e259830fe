import { createHash } from "node:crypto";
import { isFailure } from "../errors.ts";
import type { PreparedScenario, Scenario, SeedResult } from "../scenario.ts";
import { seedRunner } from "../seeds.ts";
import type { Coverage } from "../coverage.ts";
import { describePassed, playCleanly } from "./clean-run.ts";
import { describeExternal, describeRule, type ExternalPlan, externalPlans } from "./plan.ts";
import { type ExternalTrace, newExternalTrace, playExternal } from "./play.ts";
import { type ExternalTarget, openStage } from "./stage.ts";

/** An external process runs on the clock of this machine, so plays of one seed may differ. */
interface Belief {
  /** A plan counts as failing if it fails this often … */
  readonly failures: number;
  /** … within this many plays. */
  readonly plays: number;
  /** How many plays of a failing seed measure how stable the failure is. */
  readonly stability: number;
  /** How many plans are tried to shrink a failure. */
  readonly shrinks: number;
}

/** The defaults of `drydock run`. */
export const BELIEF: Belief = { failures: 2, plays: 3, stability: 5, shrinks: 40 };

const PREFIX_DIGITS = 8;
const NOBODY: Coverage = { plans: {}, steps: {}, faults: {}, laws: {}, states: {}, pairs: {} };

interface LastPlay {
  trace: ExternalTrace;
  coverage: Coverage;
}

const digestOf = (history: readonly string[]): string => createHash("sha256").update(history.join("\n")).digest("hex");

/** Ids derive from the seed and the play, so that a broker that keeps running never sees one twice. */
const prefixOf = (seed: number, play: number): string =>
  createHash("sha256").update(`${process.pid}/${seed}/${play}`).digest("hex").slice(0, PREFIX_DIGITS);

/**
 * The scenario `provisioning` on an external broker: an unmodified process that deploys on our director. Faults are aimed at
 * what a clean run of its operations passed. What the cloud and the vendor's listing show is judged, and nothing inside the broker.
 *
 * @param say is called with what a clean run showed, one line each
 */
export function externalProvisioning(external: ExternalTarget, belief: Belief, say: (line: string) => void): Scenario {
  return {
    name: "provisioning",
    description: "tenants provision, update, bind, unbind and deprovision at an external broker while the cloud fails",
    plantedBugs: [],
    pairs: [],
    prepare: () => prepare(external, belief, say),
  };
}

async function prepare(
  external: ExternalTarget,
  belief: Belief,
  say: (line: string) => void,
): Promise<PreparedScenario> {
  let plays = 0;
  const last: LastPlay = { trace: newExternalTrace(), coverage: NOBODY };
  const { abilities, clean } = await calibrate(external);
  for (const line of describePassed(clean.passed)) say(line);
  const arbitrary = externalPlans(abilities, clean.passed);
  const playOnce = async (seed: number, plan: ExternalPlan): Promise<unknown> => {
    await using opened = await openStage(external, seed);
    last.trace = newExternalTrace();
    const stage = { ...opened.stage, isDedicated: clean.isDedicated };
    const error = await playExternal(stage, plan, prefixOf(seed, ++plays), last.trace).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    stage.exercise.notePlan(last.trace.fired.size > 0);
    last.coverage = stage.exercise.coverage;
    return error;
  };
  const runner = seedRunner<ExternalPlan>({
    arbitrary,
    play: (seed, plan) => playUntilBelieved(belief, () => playOnce(seed, plan)),
    trace: () => ({ digest: digestOf(last.trace.history), coverage: last.coverage }),
    describe: (plan) => describePlayed(plan, last.trace),
    steps: ({ steps }) => steps.length,
    shrinksMax: belief.shrinks,
  });
  return {
    run: async (seed) => withStability(await runner.run(seed), belief, () => runner.replay(seed)),
    replay: (seed, path) => runner.replay(seed, path),
  };
}

async function calibrate(external: ExternalTarget) {
  await using opened = await openStage(external, 0);
  const { stage, abilities } = opened;
  return { abilities, clean: await playCleanly(stage, abilities, prefixOf(0, 0)) };
}

/** Plays until a plan counts as failing or as passing. @throws what the last failing play threw */
async function playUntilBelieved({ failures, plays }: Belief, play: () => Promise<unknown>): Promise<void> {
  let failed = 0;
  for (let played = 0; played < plays; played++) {
    const error = await play();
    // A failure of our own is not counted.
    if (error !== undefined && !isFailure(error)) throw error;
    if (error === undefined && played === 0) return;
    if (error !== undefined && ++failed >= failures) throw error;
  }
}

const describePlayed = ({ standing, steps }: ExternalPlan, { acted, fired }: ExternalTrace): readonly string[] => [
  ...standing.map((plan) => `there from the start: an instance, plan=${plan}`),
  ...steps.flatMap((planned) => [
    ...planned.faults.filter((rule) => fired.has(rule)).map(describeRule),
    ...(acted.has(planned) ? [describeExternal(planned)] : []),
  ]),
];

/** Adds to a failure how stable it is: how many further plays of the seed failed, and how many of those had the same history. */
async function withStability(
  result: SeedResult,
  { stability }: Belief,
  replay: () => Promise<SeedResult>,
): Promise<SeedResult> {
  if (result.verdict !== "fail" || stability === 0) return result;
  const again: SeedResult[] = [];
  for (let play = 0; play < stability; play++) again.push(await replay());
  const failed = again.filter(({ verdict }) => verdict === "fail").length;
  const alike = again.filter(({ digest }) => digest === again[0]?.digest).length;
  return {
    ...result,
    reason: `${result.reason} (of ${stability} replays ${failed} failed, ${alike} with one history)`,
  };
}
