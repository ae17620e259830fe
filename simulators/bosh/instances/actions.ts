import type { Body } from "../../kernel/index.ts";
import { agentCall } from "../agent/calls.ts";
import { release } from "../deploy/addresses.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock, planDeployed, planOf } from "../deploy/deploy.ts";
import {
  attachDisk,
  audited,
  createVm,
  deleteVm,
  destroyVm,
  detachAndDelete,
  nameOf,
  of,
  orphanDisk,
  start,
  stop,
  title,
  VM_LOCK_MS,
} from "./vm.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";
import { deleteSnapshotsOf, takeSnapshot } from "./snapshots.ts";
import type { Deployment, Instance, Task } from "../state/index.ts";
import { holding, Stage } from "../tasks/queue.ts";

type Args = Readonly<Record<string, unknown>>;

function deploymentOf(director: Director, args: Args): Deployment {
  const found = director.slot.value.deployments.get(String(args.deployment));
  if (found === undefined) throw new DirectorError(70000, `Deployment '${String(args.deployment)}' doesn't exist`);
  return found;
}

/** `snapshot deployment`. */
export function* snapshotDeployment(director: Director, _task: Task, args: Args): Body<string> {
  const deployment = deploymentOf(director, args);
  for (const instance of deployment.instances) yield* takeSnapshot(director, instance);
  return `snapshots of deployment '${deployment.name}' created`;
}

/** `create snapshot` of one instance. */
export function* createSnapshot(director: Director, _task: Task, args: Args): Body<string> {
  const instance = deploymentOf(director, args).instances.find(({ id }) => id === args.instance);
  const cids = instance === undefined ? [] : yield* takeSnapshot(director, instance);
  return `snapshot(s) ${cids.join(", ")} created`;
}

/** `delete snapshot`. */
export function* deleteSnapshot(director: Director, _task: Task, args: Args): Body<string> {
  const cids = args.cids as readonly string[];
  yield* deleteSnapshotsOf(director, ({ cid }) => cids.includes(cid));
  return `snapshot(s) ${cids.join(", ")} deleted`;
}

/** `delete deployment snapshots`. */
export function* deleteDeploymentSnapshots(director: Director, _task: Task, args: Args): Body<string> {
  const { name } = deploymentOf(director, args);
  yield* deleteSnapshotsOf(director, ({ deployment }) => deployment === name);
  return `snapshots of deployment '${name}' deleted`;
}

const instances = (director: Director): readonly Instance[] =>
  [...director.slot.value.deployments.values()].flatMap((each) => each.instances);

/** `delete vm <cid>`: also of one that nobody knows. Its instance stays and is to have a VM; an orphan stays one until it is swept. */
export function* deleteVmByCid(director: Director, task: Task, args: Args): Body<string> {
  const cid = String(args.cid);
  const stage = new Stage(director, task, "Delete VM", 1);
  const work = (function* (): Body {
    const owner = instances(director).find(({ vm }) => vm?.cid === cid);
    yield* owner === undefined ? destroyUnowned(director, task, cid) : deleteVm(director, task, owner);
    stage.begin(`VM ${cid} is successfully deleted`).finish();
  })();
  yield* stage.step(cid, work);
  return "true";
}

function* destroyUnowned(director: Director, task: Task, cid: string): Body {
  const call = holding(director, task, `lock:vm:${cid}`, { waitMs: VM_LOCK_MS }, director.cpi.deleteVm(cid));
  yield* audited(director, task, { action: "delete", type: "vm", name: cid }, call);
  director.kernel.record("bosh", "vm.delete", cid);
}

/** `orphan disk`: takes a disk off its instance, in the records only. */
export function* orphan(director: Director, task: Task, args: Args): Body<string> {
  const cid = String(args.cid);
  const stage = new Stage(director, task, "Orphan disk", 1);
  const step = stage.begin(cid);
  const owner = instances(director).find(({ disk }) => disk?.cid === cid);
  if (owner !== undefined) orphanDisk(director, task, owner);
  step.finish();
  yield 0;
  return `disk ${cid} orphaned`;
}

/** `attach disk`: an instance that is stopped takes another disk; its old one becomes an orphan. @throws DirectorError 520001, 520003 */
export function* attachOrphan(director: Director, task: Task, args: Args): Body<string> {
  const { deployment: name, job, id, cid } = args as { deployment: string; job: string; id: string; cid: string };
  const instance = director.slot.value.deployments
    .get(name)
    ?.instances.find((each) => each.group === job && (each.id === id || String(each.index) === id));
  if (instance === undefined)
    throw new DirectorError(520001, `Instance '${job}/${id}' in deployment '${name}' was not found`);
  if (instance.state === "started")
    throw new DirectorError(
      520003,
      `Instance '${nameOf(instance)}' in deployment '${name}' must be in 'bosh stopped' state`,
    );
  const known = director.slot.value.orphanDisks.get(cid);
  const copied = args.copy === true ? instance.disk?.cloudProperties : undefined;
  if (instance.vm !== null && instance.disk !== null)
    yield* director.cpi.detachDisk(instance.vm.cid, instance.disk.cid);
  orphanDisk(director, task, instance);
  director.slot.value.orphanDisks.delete(cid);
  instance.disk = {
    row: ++director.slot.value.diskRows,
    cid,
    sizeMb: known?.sizeMb ?? 1,
    cloudProperties: copied ?? known?.cloudProperties ?? {},
  };
  if (instance.vm !== null) yield* attachDisk(director, task, instance, cid);
  director.kernel.record("bosh", "disk.attach", cid, { deployment: name, instance: instance.id });
  return `attached disk '${cid}' to '${nameOf(instance)}' in deployment '${name}'`;
}

/** `stop instance` and its kin: one instance, without converging the rest. */
export function* updateInstance(director: Director, task: Task, args: Args): Body<string> {
  const deployment = deploymentOf(director, args);
  const instance = deployment.instances.find(({ id }) => id === args.instance);
  if (instance === undefined) throw new DirectorError(70001, `Instance '${String(args.instance)}' doesn't exist`);
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: deployment.name };
  const verb = String(args.verb);
  const what = { action: verb, type: "instance", name: nameOf(instance), ...of(instance) };
  const work = audited(director, task, what, act(director, task, deployment, instance, verb, args));
  yield* holding(director, task, deploymentLock(deployment.name), options, work);
  return nameOf(instance);
}

function* act(
  director: Director,
  task: Task,
  deployment: Deployment,
  instance: Instance,
  verb: string,
  args: Args,
): Body {
  const stage = new Stage(director, task, `Updating instance ${title(instance)}`, null);
  if (instance.vm !== null) yield* agentCall(director, instance, "get_state");
  const renews = verb === "recreate" || (verb === "stop" && args.hard === true);
  if (verb !== "start" && instance.vm !== null)
    yield* stage.step("Stopping instance", stop(director, instance, undefined, args.skipDrain === true));
  if (verb === "stop") instance.state = args.hard === true ? "detached" : "stopped";
  if (renews && instance.vm !== null) yield* stage.step("Deleting VM", detachAndDelete(director, task, instance));
  if (verb === "stop") return;
  const plan = planDeployed(director, deployment);
  const group = plan?.groups.find(({ instances: members }) => members.includes(instance));
  if (plan === undefined || group === undefined)
    throw new DirectorError(440001, "No successful BOSH deployment manifest available");
  const planned = planOf({ director, deployment }, plan, group, instance);
  if (instance.vm === null) yield* stage.step("Creating VM", createVm(director, task, planned));
  yield* stage.step(
    "Starting instance",
    start(director, task, planned, { watch: planned.group.update.updateWatch, base: 0 }),
  );
  instance.state = "started";
}

/** VMs that were left behind are deleted in the background. */
export function* deleteOrphanVms(director: Director, task: Task): Body<number> {
  const orphans = [...director.slot.value.orphanVms.values()];
  const stage = new Stage(director, task, "Deleting orphaned vms", orphans.length);
  for (const { cid, deployment, instance, ips } of orphans) {
    yield* stage.step(cid, destroyVm(director, task, { deployment, instance }, cid));
    director.slot.value.orphanVms.delete(cid);
    for (const ip of ips) release(director, ip);
  }
  return orphans.length;
}
