import { findPlantedBug, PLANTED_BUGS } from "../planted/index.ts";
import { AIMS, nameAim } from "../reference/calls.ts";
import { ScenarioFixture } from "../reference/fixture.ts";
import type { PreparedScenario, Scenario } from "../scenario.ts";
import { seedRunner } from "../seeds.ts";
import { planArbitrary } from "./plan.ts";
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
  async prepare({ plantedBug }): Promise<PreparedScenario> {
    const fixture = await ScenarioFixture.prepare(
      NAME,
      plantedBug === undefined ? undefined : findPlantedBug(plantedBug),
    );
    let trace = newTrace();
    return seedRunner({
      arbitrary: planArbitrary,
      play: (seed, plan) => {
        trace = newTrace();
        return playPlan(fixture, seed, plan, trace);
      },
      trace: () => ({ digest: fixture.world.kernel.journal.digest, coverage: fixture.exercise.coverage }),
      describe: (plan) => describePlan(plan, trace),
      steps: ({ steps }) => steps.length,
    });
  },
};
