import { writeYaml } from "../deployments/yaml.ts";
import type { Random } from "../../simulators/kernel/index.ts";
import type { World } from "../../simulators/world.ts";
import { type DirectorClient, directorClient } from "../clients/director.ts";
import { STEMCELL } from "../deployments/manifests.ts";
import { ScenarioError } from "../errors.ts";

/** Instances of one deployment at first; later it may grow or shrink a little. */
const DEPLOYMENT_INSTANCES = { min: 10, max: 30 } as const;
/** How many deployments are in progress at once. */
const AT_ONCE = 3;
/** How often a deletion is tried; from the third try on, it is forced. */
const DELETIONS_MAX = 20;
const FORCED_FROM_DELETION = 3;

/** The intended form of a deployment of the fleet. */
interface DeploymentShape {
  readonly name: string;
  readonly instances: number;
  readonly disk: boolean;
  /** Another VM type makes the director recreate the VMs. */
  readonly vmType: string;
}

const manifestOf = ({ name, instances, disk, vmType }: DeploymentShape): string =>
  writeYaml({
    name,
    releases: [{ name: "service-guard", version: "1" }],
    stemcells: [{ alias: "default", os: STEMCELL.operatingSystem, version: STEMCELL.version }],
    update: { canaries: 1, max_in_flight: 8, canary_watch_time: "1000-60000", update_watch_time: "1000-60000" },
    instance_groups: [
      {
        name: "fleet",
        instances,
        azs: ["z1", "z2", "z3"],
        jobs: [{ name: "service-guard", release: "service-guard" }],
        vm_type: vmType,
        ...(disk && { persistent_disk_type: "nano" }),
        stemcell: "default",
        networks: [{ name: "service-instances" }],
      },
    ],
  });

/** Whether a task succeeds; faults may prevent that. */
async function succeeds(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof ScenarioError && error.code === "SCENARIO_TASK_FAILED") return false;
    throw error;
  }
}

/**
 * Leads at least `count` instances of deployments through their lifecycles, as an operator with the `bosh` CLI: deployed; grown, shrunk or
 * recreated; deleted. Returns how many VMs there were in all, counted in each deployment just before its deletion.
 *
 * @throws ScenarioError if a deployment can't be deleted
 */
export async function runFleet(world: World, random: Random, count: number): Promise<number> {
  const director = directorClient(world.environmentAt(world.plan.applications), world.credentials.director);
  let [begun, running] = [0, 0];
  const work = async (): Promise<void> => {
    while (begun < count) {
      const instances = Math.min(count - begun, random.int(DEPLOYMENT_INSTANCES.min, DEPLOYMENT_INSTANCES.max));
      const name = `fleet-${begun}`;
      begun += instances;
      running += await runDeployment(director, random, { name, instances, disk: random.chance(0.3), vmType: "nano" });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return running;
}

async function runDeployment(director: DirectorClient, random: Random, shape: DeploymentShape): Promise<number> {
  const { name, instances } = shape;
  await succeeds(director.deploy(name, manifestOf(shape)));
  const changed = random.pick([
    { instances: instances + random.int(1, 3) },
    { instances: Math.max(1, instances - random.int(1, 3)) },
    { vmType: "small" },
  ]);
  if (random.chance(0.3)) await succeeds(director.deploy(name, manifestOf({ ...shape, ...changed })));
  const vms = await director.vms(name);
  await remove(director, name);
  return vms.length;
}

/** @throws ScenarioError SCENARIO_WAITED_TOO_LONG */
async function remove(director: DirectorClient, name: string): Promise<void> {
  for (let tried = 1; tried <= DELETIONS_MAX; tried++)
    if (await succeeds(director.remove(name, tried >= FORCED_FROM_DELETION))) return;
  throw new ScenarioError("SCENARIO_WAITED_TOO_LONG", `${name} can't be deleted`);
}
