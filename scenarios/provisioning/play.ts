import { nameAim } from "../reference/calls.ts";
import type { ScenarioFixture } from "../reference/fixture.ts";
import { judgeLaws, judgePromises, judgeRecords } from "../reference/judge.ts";
import { ReferencePlatform } from "../reference/platform/platform.ts";
import {
  awaitEnds,
  awaitGuardedRepair,
  bindAll,
  deleteFailed,
  deprovisionAll,
  heal,
  restoreNewest,
  settleOperations,
} from "../reference/settle.ts";
import { describeStanding, describeStep } from "../reference/step.ts";
import { Steps } from "../reference/steps.ts";
import { describeFault, operationOf, type Plan, type PlannedFault, type PlannedStep } from "./plan.ts";

/** The parts of a plan that had an effect when it was played: steps that acted, faults that fired. */
export interface PlayTrace {
  readonly steps: Set<PlannedStep>;
  readonly faults: Set<PlannedFault>;
  /** Performs a step; whoever watches may look around it. Default: nobody watches. */
  readonly around?: (planned: PlannedStep, platform: ReferencePlatform, perform: () => Promise<void>) => Promise<void>;
}

/** The trace of a play that has not begun. */
export const newTrace = (): PlayTrace => ({ steps: new Set(), faults: new Set() });

/** Describes a plan, one line for each thing that it holds. @param acted leaves out whatever did nothing. Default: nothing is left out */
export const describePlan = (plan: Plan, acted?: PlayTrace): readonly string[] => [
  ...plan.standing.map(describeStanding),
  ...plan.steps.flatMap((planned) => describePlanned(planned, acted)),
];

function describePlanned(planned: PlannedStep, acted: PlayTrace | undefined): readonly string[] {
  const { step, faults, next } = planned;
  const fired = faults.filter((fault) => acted?.faults.has(fault) ?? true).map(describeFault);
  const hasActed = acted?.steps.has(planned) ?? true;
  // A step that did nothing may still have taken time.
  const pause = next === "settled" ? ", until it has ended" : next === 0 ? "" : `, then ${next} ms`;
  if (hasActed) return [...fired, `${describeStep(step)}${pause}`];
  return [...fired, ...(typeof next === "number" && next > 0 ? [`pass ms=${next}`] : [])];
}

/** Arms the faults of a step, and notes those that fire: with their aim while the operation that they were aimed at is the latest order. */
class FaultArmer {
  readonly #fixture: ScenarioFixture;
  readonly #trace: PlayTrace;
  readonly #armed = new Map<number, PlannedFault>();
  #latest: PlannedStep | undefined;

  constructor(fixture: ScenarioFixture, trace: PlayTrace) {
    this.#fixture = fixture;
    this.#trace = trace;
  }

  arm(planned: PlannedStep): void {
    const { faults } = this.#fixture.world.kernel;
    if (operationOf(planned.step) !== undefined) this.#latest = planned;
    for (const fault of planned.faults) this.#armed.set(faults.arm(fault.rule), fault);
    this.#fixture.exercise.note("faults", "armed", planned.faults.length);
  }

  /** Notes what fires from now on; call what it returns to stop. */
  watch(): () => void {
    return this.#fixture.world.kernel.journal.listen(({ kind, data }) => {
      if (kind !== "fault.act") return;
      const fault = this.#armed.get(Number(data.rule));
      if (fault !== undefined) this.#noteFired(fault);
    });
  }

  #noteFired(fault: PlannedFault): void {
    const { exercise } = this.#fixture;
    if (!this.#trace.faults.has(fault)) exercise.note("faults", `fired: ${fault.aim?.kind ?? fault.rule.effect.kind}`);
    this.#trace.faults.add(fault);
    if (fault.aim !== undefined && this.#latest?.faults.includes(fault)) exercise.note("pairs", nameAim(fault.aim));
  }
}

/**
 * Resets a fixture, and plays a plan on it for a seed.
 *
 * Safety: the steps, with the faults armed. A valid order at an idle instance must be accepted, and nothing that was accepted may be forgotten.
 * Then everything heals, and each operation ends within a bound. Then the laws of conservation hold, and each existing binding logs in and finds
 * what was written or restored, while no deleted one does. Once everything is deprovisioned, nothing is left.
 *
 * @param trace is filled with what had an effect
 * @throws BrokenPromise for the first promise that the subject broke
 */
export async function playPlan(
  fixture: ScenarioFixture,
  seed: number,
  plan: Plan,
  trace: PlayTrace = newTrace(),
): Promise<void> {
  await fixture.begin(seed);
  const armer = new FaultArmer(fixture, trace);
  const leave = armer.watch();
  await fixture.world
    .run(async () => {
      const platform = new ReferencePlatform(
        fixture.world,
        fixture.broker,
        await fixture.fetchOffer(),
        fixture.exercise,
      );
      await playSteps(fixture, platform, plan, armer, trace);
      await judgeHealed(fixture, platform);
    })
    .finally(() => {
      leave();
      fixture.exercise.notePlan(trace.faults.size > 0);
    });
}

async function playSteps(
  fixture: ScenarioFixture,
  platform: ReferencePlatform,
  { standing, steps: planned }: Plan,
  armer: FaultArmer,
  trace: PlayTrace,
): Promise<void> {
  const steps = new Steps(fixture, platform);
  for (const each of standing) await steps.prepareStanding(each);
  await settleOperations(fixture, platform);
  const perform = async (each: PlannedStep): Promise<void> => {
    armer.arm(each);
    if (await steps.perform(each.step)) trace.steps.add(each);
    await pauseAfter(fixture, platform, each);
  };
  for (const each of planned)
    await (trace.around === undefined ? perform(each) : trace.around(each, platform, () => perform(each)));
}

/** Lets the time pass that comes before the next step. */
async function pauseAfter(
  fixture: ScenarioFixture,
  platform: ReferencePlatform,
  { step, next }: PlannedStep,
): Promise<void> {
  if (next !== "settled") return next > 0 ? fixture.world.driver.sleep(next) : undefined;
  await awaitEnds(fixture, platform);
  if (step.do === "vanish") await awaitGuardedRepair(fixture);
}

async function judgeHealed(fixture: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  await heal(fixture);
  await settleOperations(fixture, platform);
  // By now, what failed must have left nothing behind, before anybody requests its deletion.
  await judgeLaws(fixture);
  await deleteFailed(fixture, platform);
  await judgeLaws(fixture);
  await judgeRecords(fixture, platform);
  await bindAll(fixture, platform);
  await judgePromises(fixture, platform);
  await restoreNewest(fixture, platform);
  await judgePromises(fixture, platform);
  await deprovisionAll(fixture, platform);
  await judgeLaws(fixture);
  await judgeRecords(fixture, platform);
  await judgePromises(fixture, platform);
}
