import { depart, heal, lookIntoAll, subside, tidy } from "./settle.ts";
import type { Ground } from "./fixture.ts";
import { judgeLaws, judgePromises, judgeRecords } from "./judge.ts";
import { describeFault, describeStanding, describeStep, type Plan, type PlannedFault } from "./plan.ts";
import { Platform } from "./platform/platform.ts";
import { Steps } from "./steps.ts";

/** The faults of a plan that its seed plays with. */
export const armed = ({ faults, kinds }: Plan): readonly PlannedFault[] =>
  faults.filter(({ kind }) => kinds.includes(kind));

/** One line for each thing that a plan holds, for a person. */
export const describePlan = (plan: Plan): readonly string[] => [
  ...plan.standing.map(describeStanding),
  ...armed(plan).map(describeFault),
  ...plan.steps.map(describeStep),
];

/**
 * Performs a plan from the beginning of a ground, for a seed.
 *
 * Safety: the steps, with the faults armed; an order that is valid and meets nothing else must be taken, and nothing that was accepted
 * may be forgotten. Then everything heals, and within a bound each operation has ended. Then the laws of conservation hold, each binding
 * that stands logs in and finds what was written or restored, none that is gone does; and when everything has been given back, nothing is left.
 *
 * @throws BrokenPromise what the subject did not keep
 */
export async function play(ground: Ground, seed: number, plan: Plan): Promise<void> {
  await ground.begin(seed);
  const { world } = ground;
  await world.run(async () => {
    const platform = new Platform(world, ground.broker, await ground.offer());
    const steps = new Steps(ground, platform);
    for (const each of plan.standing) await steps.furnish(each);
    await subside(ground, platform);
    for (const { rule } of armed(plan)) world.kernel.faults.arm(rule);
    for (const step of plan.steps) await steps.perform(step);
    await heal(ground);
    await subside(ground, platform);
    // What has failed must have left nothing already now, before anybody asks for its deletion.
    await judgeLaws(ground);
    await tidy(ground, platform);
    await judgeLaws(ground);
    await judgeRecords(ground, platform);
    await lookIntoAll(ground, platform);
    await judgePromises(ground, platform);
    await depart(ground, platform);
    await judgeLaws(ground);
    await judgeRecords(ground, platform);
    await judgePromises(ground, platform);
  });
}
