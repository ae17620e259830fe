import fc from "fast-check";
import type { PlantedBug } from "../../broker/index.ts";
import type { PreparedScenario, Scenario, SeedResult } from "../scenario.ts";
import { ScenarioFixture } from "./fixture.ts";
import { isFailure } from "./model.ts";
import { planArbitrary, type Plan } from "./plan.ts";
import { describePlan, playPlan } from "./play.ts";

/** Plans that are tried to shrink a failure; each takes about as long as a seed. */
const SHRINKS_MAX = 400;

interface PlayedPlan {
  readonly plan: Plan;
  readonly digest: string;
  readonly error: unknown;
}

/** A seed fails when the subject broke a promise; any other error is an accident of the scenario itself. */
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
    // After so many tries, what was found is small enough.
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

/** Each seed draws one plan, without the bias towards small values that many runs would have. */
const DRAW = { numRuns: 1, unbiased: true } as const;

/** Draws the plan of a seed, or the shrunk one at a path. @throws RangeError when there is none at the path */
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

/** Orders of tenants at the broker for PostgreSQL, under faults: `drydock run provisioning`. */
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
