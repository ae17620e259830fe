import type { ScenarioFixture } from "../reference/fixture.ts";
import { judgeLaws, judgePromises, judgeRecords } from "../reference/judge.ts";
import { ReferencePlatform } from "../reference/platform/platform.ts";
import { bindAll, deleteFailed, deprovisionAll, heal, settleOperations } from "../reference/settle.ts";
import { describeStanding, describeStep } from "../reference/step.ts";
import { Steps } from "../reference/steps.ts";
import { describeFault, type Plan, type PlannedFault } from "./plan.ts";

/** The faults of a plan that are armed: those of the kinds that its seed plays with. */
const faultsInPlay = ({ faults, kinds }: Plan): readonly PlannedFault[] =>
  faults.filter(({ kind }) => kinds.includes(kind));

/** Describes a plan, one line for each thing that it holds. */
export const describePlan = (plan: Plan): readonly string[] => [
  ...plan.standing.map(describeStanding),
  ...faultsInPlay(plan).map(describeFault),
  ...plan.steps.map(describeStep),
];

/**
 * Resets a fixture, and plays a plan on it for a seed.
 *
 * Safety: the steps, with the faults armed. A valid order at an idle instance must be accepted, and nothing that was accepted may be
 * forgotten. Then everything heals, and each operation ends within a bound. Then the laws of conservation hold, and each binding that stands
 * logs in and finds what was written or restored, while none that is gone does. Once everything is deprovisioned, nothing is left.
 *
 * @throws BrokenPromise for the first promise that the subject broke
 */
export async function playPlan(fixture: ScenarioFixture, seed: number, plan: Plan): Promise<void> {
  await fixture.begin(seed);
  const { world } = fixture;
  await world.run(async () => {
    const platform = new ReferencePlatform(world, fixture.broker, await fixture.fetchOffer());
    const steps = new Steps(fixture, platform);
    for (const each of plan.standing) await steps.prepareStanding(each);
    await settleOperations(fixture, platform);
    for (const { rule } of faultsInPlay(plan)) world.kernel.faults.arm(rule);
    for (const step of plan.steps) await steps.perform(step);
    await heal(fixture);
    await settleOperations(fixture, platform);
    // What failed must have left nothing behind by now, before anybody asks for its deletion.
    await judgeLaws(fixture);
    await deleteFailed(fixture, platform);
    await judgeLaws(fixture);
    await judgeRecords(fixture, platform);
    await bindAll(fixture, platform);
    await judgePromises(fixture, platform);
    await deprovisionAll(fixture, platform);
    await judgeLaws(fixture);
    await judgeRecords(fixture, platform);
    await judgePromises(fixture, platform);
  });
}
