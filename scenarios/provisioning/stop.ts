import type { ScenarioFixture } from "../reference/fixture.ts";
import { describeStep } from "../reference/step.ts";
import type { StoppedPlay } from "../scenario.ts";
import type { Plan } from "./plan.ts";
import { newTrace, playPlan } from "./play.ts";

/** Thrown to end a play where it is. */
class Stop extends Error {}

/**
 * Plays a plan up to a step, and leaves everything as it is then: what is in progress, and the faults that have not acted.
 *
 * @throws RangeError where the plan has fewer steps; what broke before that step
 */
export async function stopAfter(
  fixture: ScenarioFixture,
  seed: number,
  plan: Plan,
  step: number,
): Promise<StoppedPlay> {
  const last = plan.steps[step - 1];
  if (last === undefined) throw new RangeError(`the plan of seed ${seed} has ${plan.steps.length} steps`);
  const trace = {
    ...newTrace(),
    around: async (planned: object, _platform: unknown, perform: () => Promise<void>): Promise<void> => {
      await perform();
      if (planned === last) throw new Stop();
    },
  };
  await playPlan(fixture, seed, plan, trace).catch((error: unknown) => {
    if (!(error instanceof Stop)) throw error;
  });
  const { world, brokers } = fixture;
  return { world, brokers, steps: plan.steps.slice(0, step).map((each) => describeStep(each.step)) };
}
