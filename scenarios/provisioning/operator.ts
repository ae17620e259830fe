import { expectsVm, type World } from "../../simulators/world.ts";
import { directorClient } from "../clients/director.ts";
import { BrokenPromise } from "./model.ts";

type DirectorState = ReturnType<World["bosh"]["state"]>;
type Deployment = DirectorState["deployments"] extends Map<string, infer D> ? D : never;
type Instance = Deployment["instances"][number];

/** Does each instance have the VM that it is to have? What was never deployed with success nobody repairs: it is deleted. */
export function isWhole({ bosh, openstack }: World): boolean {
  const { servers } = openstack.state().nova;
  const isUp = (server: ReturnType<typeof servers.get>): boolean => server?.vm === "active" && server.task === null;
  const isSound = ({ manifest }: Deployment, instance: Instance): boolean =>
    instance.vm === null ? manifest === null || !expectsVm(instance) : isUp(servers.get(instance.vm.cid));
  return [...bosh.state().deployments.values()].every((deployment) =>
    deployment.instances.every((each) => isSound(deployment, each)),
  );
}

/** Instances whose repair ended between the making of the VM and the mounting of the disk. */
function halfMade({ bosh }: World): readonly { readonly deployment: string; readonly instance: Instance }[] {
  return [...bosh.state().deployments.values()]
    .filter(({ manifest }) => manifest !== null)
    .flatMap(({ name, instances }) => instances.map((instance) => ({ deployment: name, instance })))
    .filter(({ instance: { vm, disk } }) => vm !== null && disk !== null && vm.mountedDisk !== disk.cid);
}

/**
 * What BOSH leaves to people: a VM whose repair stopped half-way is alive, so the health monitor has nothing to alert on, and only
 * `bosh cck` tells that its disk is not mounted. An operator who reads that has the instance recreated.
 *
 * @returns whether there was anything to do
 * @throws BrokenPromise when cloud check does not report such an instance
 */
export async function recreateHalfMade(world: World): Promise<boolean> {
  const found = halfMade(world);
  const director = directorClient(world.stage(world.plan.applications), world.credentials.director);
  for (const { deployment, instance } of found) {
    const problems = await director.cloudCheck(deployment);
    if (!problems.some(({ type }) => type === "mount_info_mismatch"))
      throw new BrokenPromise(`cloud check of ${deployment} does not report that a disk is not mounted`);
    await director.recreate(deployment, `${instance.group}/${instance.id}`);
  }
  return found.length > 0;
}
