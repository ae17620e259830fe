import { deprovisionAll, heal, bindAll, settleOperations, deleteFailed } from "./settle.ts";
import type { ScenarioFixture } from "./fixture.ts";
import { judgeLaws, judgePromises, judgeRecords } from "./judge.ts";
import { describeFault, describeStanding, describeStep, type Plan, type PlannedFault } from "./plan.ts";
import { ReferencePlatform } from "./platform/platform.ts";
import { Steps } from "./steps.ts";

/** The faults of a plan that its seed plays with. */
export const faultsInPlay = ({ faults, kinds }: Plan): readonly PlannedFault[] =>
  faults.filter(({ kind }) => kinds.includes(kind));

/** One line for each thing that a plan holds, for a person. */
export const describePlan = (plan: Plan): readonly string[] => [
  ...plan.standing.map(describeStanding),
  ...faultsInPlay(plan).map(describeFault),
  ...plan.steps.map(describeStep),
];

/**
 * Performs a plan from the beginning of a fixture, for a seed.
 *
 * Safety: the steps, with the faults armed; an order that is valid and meets nothing else must be taken, and nothing that was accepted
 * may be forgotten. Then everything heals, and within a bound each operation has ended. Then the laws of conservation hold, each binding
 * that stands logs in and finds what was written or restored, none that is gone does; and when everything has been given back, nothing is left.
 *
 * @throws BrokenPromise what the subject did not keep
 */
export async function playPlan(fixture: ScenarioFixture, seed: number, plan: Plan): Promise<void> {
  await fixture.begin(seed);
  const { world } = fixture;
  await world.run(async () => {
    const platform = new ReferencePlatform(world, fixture.broker, await fixture.fetchOffer());
    const steps = new Steps(fixture, platform);
    for (const each of plan.standing) await steps.furnish(each);
    await settleOperations(fixture, platform);
    for (const { rule } of faultsInPlay(plan)) world.kernel.faults.arm(rule);
    for (const step of plan.steps) await steps.perform(step);
    await heal(fixture);
    await settleOperations(fixture, platform);
    // What has failed must have left nothing already now, before anybody asks for its deletion.
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
