import { expectsVm, type World } from "../../simulators/world.ts";
import { type DirectorClient, directorClient } from "../clients/director.ts";
import { BrokenPromise, ScenarioError } from "../errors.ts";

type DirectorState = ReturnType<World["bosh"]["state"]>;
type Deployment = DirectorState["deployments"] extends Map<string, infer D> ? D : never;
type Instance = Deployment["instances"][number];
type Task = DirectorState["tasks"] extends Map<number, infer T> ? T : never;

/** Whether each instance has the VM that it should have. An instance that was never deployed successfully is not repaired: it will be deleted. */
export function isWhole({ bosh, openstack }: World): boolean {
  const { servers } = openstack.state().nova;
  const isUp = (server: ReturnType<typeof servers.get>): boolean => server?.vm === "active" && server.task === null;
  const isSound = ({ manifest }: Deployment, instance: Instance): boolean =>
    manifest === null || (instance.vm === null ? !expectsVm(instance) : isUp(servers.get(instance.vm.cid)));
  return [...bosh.state().deployments.values()].every((deployment) =>
    deployment.instances.every((each) => isSound(deployment, each)),
  );
}

/** Finds instances whose repair stopped after the VM was created and before its disk was mounted, and on which no task works. */
function findHalfMade({ bosh }: World): readonly { readonly deployment: string; readonly instance: Instance }[] {
  const { deployments, tasks } = bosh.state();
  const busy = new Set([...tasks.values()].filter(isAtWork).map(({ deployment }) => deployment));
  return [...deployments.values()]
    .filter(({ name, manifest }) => manifest !== null && !busy.has(name))
    .flatMap(({ name, instances }) => instances.map((instance) => ({ deployment: name, instance })))
    .filter(({ instance }) => lacksDisk(instance));
}

/** Whether a task is in progress or queued. */
export const isAtWork = ({ state, deadSinceMs }: Task): boolean =>
  deadSinceMs === null && (state === "queued" || state === "processing");

/**
 * Does what BOSH leaves to people. A VM whose repair stopped half-way is alive, so the health monitor has nothing to alert on, and only `bosh cck`
 * shows that its disk is not mounted. An operator who reads that recreates the instance; if another task is in the way, a later call tries again.
 *
 * @returns whether there was anything to do
 * @throws BrokenPromise if cloud check does not report such an instance
 */
export async function recreateHalfMade(world: World): Promise<boolean> {
  const found = findHalfMade(world);
  const director = directorClient(world.environmentAt(world.plan.applications), world.credentials.director);
  for (const { deployment, instance } of found) await unlessRefused(() => recreate(director, deployment, instance));
  return found.length > 0;
}

const lacksDisk = ({ vm, disk }: Instance): boolean => vm !== null && disk !== null && vm.mountedDisk !== disk.cid;

async function recreate(director: DirectorClient, deployment: string, instance: Instance): Promise<void> {
  const { vm } = instance;
  const problems = await director.cloudCheck(deployment);
  // A deploy may have been quicker.
  if (instance.vm !== vm || !lacksDisk(instance)) return;
  if (!problems.some(({ type }) => type === "mount_info_mismatch"))
    throw new BrokenPromise(`cloud check of ${deployment} does not report that a disk is not mounted`);
  await director.recreate(deployment, `${instance.group}/${instance.id}`);
}

async function unlessRefused(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ScenarioError && error.code === "SCENARIO_TASK_FAILED")) throw error;
  }
}
