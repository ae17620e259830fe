import { findPlantedBug, PLANTED_BUGS } from "../planted/index.ts";
import { AIMS, nameAim } from "../reference/calls.ts";
import { ScenarioFixture } from "../reference/fixture.ts";
import type { PreparedScenario, Scenario } from "../scenario.ts";
import { planOf, seedRunner } from "../seeds.ts";
import { planArbitrary } from "./plan.ts";
import { stopAfter } from "./stop.ts";
import { traceNext } from "./trace.ts";
import { describePlan, newTrace, playPlan } from "./play.ts";

const NAME = "provisioning";

/** Orders of tenants at the broker for PostgreSQL, under faults: `drydock run provisioning`. */
export const provisioning: Scenario = {
  name: NAME,
  description:
    "tenants provision, update, bind, write, back up, restore, unbind and deprovision PostgreSQL instances while the cloud and the broker fail",
  plantedBugs: PLANTED_BUGS.map(({ name }) => name),
  canary: "leak-volume-after-failed-deploy",
  pairs: AIMS.map(nameAim),
  async prepare({ plantedBug, block }): Promise<PreparedScenario> {
    const fixture = await ScenarioFixture.prepare(
      NAME,
      plantedBug === undefined ? undefined : findPlantedBug(plantedBug),
      block,
    );
    let trace = newTrace();
    let isTraced = false;
    const runner = seedRunner({
      arbitrary: planArbitrary,
      play: (seed, plan) => {
        if (!isTraced) trace = newTrace();
        isTraced = false;
        return playPlan(fixture, seed, plan, trace);
      },
      trace: () => ({ digest: fixture.world.kernel.journal.digest, coverage: fixture.exercise.coverage }),
      describe: (plan) => describePlan(plan, trace),
      steps: ({ steps }) => steps.length,
    });
    return {
      ...runner,
      trace: (seed, path) => {
        const tracing = traceNext(fixture);
        trace = tracing.trace;
        isTraced = true;
        return runner.replay(seed, path).then(tracing.end);
      },
      stopAfter: (seed, step, path) => stopAfter(fixture, seed, planOf(planArbitrary, seed, path), step),
    };
  },
};
