import type { PlantedBug } from "../../broker/index.ts";
import { ScenarioFixture } from "../reference/fixture.ts";
import type { PreparedScenario, Scenario } from "../scenario.ts";
import { seedRunner } from "../seeds.ts";
import { planArbitrary } from "./plan.ts";
import { describePlan, playPlan } from "./play.ts";

const NAME = "provisioning";

const PLANTED_BUGS: readonly PlantedBug[] = ["leak-volume-after-failed-deploy"];

/** Orders of tenants at the broker for PostgreSQL, under faults: `drydock run provisioning`. */
export const provisioning: Scenario = {
  name: NAME,
  description:
    "tenants provision, update, bind, write, back up, restore, unbind and deprovision PostgreSQL instances while the cloud and the broker fail",
  plantedBugs: PLANTED_BUGS,
  async prepare({ plantedBug }): Promise<PreparedScenario> {
    const fixture = await ScenarioFixture.prepare(NAME, plantedBug);
    return seedRunner({
      arbitrary: planArbitrary,
      play: (seed, plan) => playPlan(fixture, seed, plan),
      digest: () => fixture.world.kernel.journal.digest,
      describe: describePlan,
      steps: ({ steps }) => steps.length,
    });
  },
};
