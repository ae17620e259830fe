import fc from "fast-check";
import type { PlantedBug } from "../../broker/index.ts";
import type { PreparedScenario, Scenario, SeedResult } from "../scenario.ts";
import { ScenarioFixture } from "./fixture.ts";
import { isFailure } from "./model.ts";
import { planArbitrary, type Plan } from "./plan.ts";
import { describePlan, playPlan } from "./play.ts";

/** Plans tried while a failure is shrunk; each costs about as much as a seed. */
const SHRINKS_MAX = 400;

interface PlayedPlan {
  readonly plan: Plan;
  readonly digest: string;
  readonly error: unknown;
}

/** A run may fail because the subject broke a promise; anything else is an accident of the scenario's own. */
const verdictOf = (error: unknown): SeedResult["verdict"] =>
  error === undefined ? "pass" : isFailure(error) ? "fail" : "unknown";

const oneLine = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  return (isFailure(error) ? text : `the scenario crashed: ${text}`).split("\n").slice(0, 1).join("");
};

const resultOf = (seed: number, { plan, digest, error }: PlayedPlan): SeedResult => ({
  seed,
  verdict: verdictOf(error),
  digest,
  steps: plan.steps.length,
  ...(error !== undefined && { reason: oneLine(error) }),
});

async function playSeed(fixture: ScenarioFixture, seed: number, plan: Plan): Promise<PlayedPlan> {
  const error = await playPlan(fixture, seed, plan).then(
    () => undefined,
    (thrown: unknown) => thrown ?? new Error("nothing was thrown"),
  );
  return { plan, digest: fixture.world.kernel.journal.digest, error };
}

async function run(fixture: ScenarioFixture, seed: number): Promise<SeedResult> {
  let first: PlayedPlan | undefined;
  let last: PlayedPlan | undefined;
  let played = 0;
  const property = fc.asyncProperty(planArbitrary, async (plan) => {
    // Once enough has been tried, what has been found is small enough.
    if (++played > SHRINKS_MAX) return;
    const outcome = await playSeed(fixture, seed, plan);
    first ??= outcome;
    if (outcome.error === undefined) return;
    last = outcome;
    throw outcome.error;
  });
  const { counterexamplePath: path } = await fc.check(property, { ...DRAW, seed });
  if (first === undefined) throw new Error(`seed ${seed} drew no plan`);
  const result = resultOf(seed, first);
  if (path === null || last === undefined) return result;
  return { ...result, reason: oneLine(last.error), counterexample: { steps: describePlan(last.plan), path } };
}

/** Each seed draws one plan, without the bias that many runs would have. */
const DRAW = { numRuns: 1, unbiased: true } as const;

/** The plan that a seed draws, or the shrunk one at a path. */
export function planOf(seed: number, path?: string): Plan {
  const [plan] = fc.sample(planArbitrary, { ...DRAW, seed, ...(path !== undefined && { path }) });
  if (plan === undefined) throw new RangeError(`seed ${seed} has no plan at path ${path}`);
  return plan;
}

async function replay(fixture: ScenarioFixture, seed: number, path?: string): Promise<SeedResult> {
  const played = await playSeed(fixture, seed, planOf(seed, path));
  const result = resultOf(seed, played);
  if (played.error === undefined) return result;
  return { ...result, counterexample: { steps: describePlan(played.plan), path: path ?? "0" } };
}

const PLANTED_BUGS: readonly PlantedBug[] = ["leak-volume-after-failed-deploy"];

export const provisioning: Scenario = {
  name: "provisioning",
  description:
    "tenants provision, update, bind, write, back up, restore, unbind and deprovision PostgreSQL instances while the cloud and the broker fail",
  plantedBugs: PLANTED_BUGS,
  async prepare({ plantedBug }): Promise<PreparedScenario> {
    const fixture = await ScenarioFixture.prepare(plantedBug);
    return { run: (seed) => run(fixture, seed), replay: (seed, path) => replay(fixture, seed, path) };
  },
};
