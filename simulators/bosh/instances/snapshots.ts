import type { Body } from "../../kernel/index.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Snapshot } from "../state/orphans.ts";
import type { Task } from "../state/tasks.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
import { requireDeployment } from "../state/lookup.ts";

/**
 * Snapshots the disk of an instance and returns the cid; does nothing if snapshots are disabled.
 *
 * @param isClean whether the jobs have been stopped. Default: false
 */
export function* takeSnapshot(director: Director, instance: Instance, isClean = false): Body<readonly string[]> {
  const { disk } = instance;
  if (director.options.snapshots !== true || disk === null) return [];
  const metadata = {
    deployment: instance.deployment,
    job: instance.group,
    index: String(instance.index),
    director_name: director.name,
    director_uuid: director.uuid,
    agent_id: instance.vm?.agentId ?? "",
    instance_id: instance.id,
  };
  const cid = yield* director.cpi.snapshotDisk(disk.cid, metadata);
  director.slot.value.snapshots.push({
    cid,
    diskCid: disk.cid,
    deployment: instance.deployment,
    instanceId: instance.id,
    group: instance.group,
    index: instance.index,
    createdMs: director.kernel.nowMs,
    isClean,
  });
  director.kernel.record("bosh", "snapshot.create", cid, { deployment: instance.deployment });
  return [cid];
}

/** Deletes the snapshots that `chosen` accepts; returns their CIDs. */
export function* deleteMatchingSnapshots(
  director: Director,
  chosen: (each: Snapshot) => boolean,
): Body<readonly string[]> {
  const matching = director.slot.value.snapshots.filter(chosen);
  for (const each of matching) {
    yield* director.cpi.deleteSnapshot(each.cid);
    const { snapshots } = director.slot.value;
    snapshots.splice(snapshots.indexOf(each), 1);
    director.kernel.record("bosh", "snapshot.delete", each.cid);
  }
  return matching.map(({ cid }) => cid);
}

/** `snapshot deployment`. */
export function* snapshotDeployment(
  director: Director,
  _task: Task,
  args: TaskArguments["snapshot_deployment"],
): Body<string> {
  const deployment = requireDeployment(director, args.deployment);
  for (const instance of deployment.instances) yield* takeSnapshot(director, instance);
  return `snapshots of deployment '${deployment.name}' created`;
}

/** `create snapshot` of one instance. */
export function* createSnapshot(director: Director, _task: Task, args: TaskArguments["create_snapshot"]): Body<string> {
  const instance = requireDeployment(director, args.deployment).instances.find(({ id }) => id === args.instance);
  const cids = instance === undefined ? [] : yield* takeSnapshot(director, instance);
  return `snapshot(s) ${cids.join(", ")} created`;
}

/** `delete snapshot`. */
export function* deleteSnapshot(director: Director, _task: Task, args: TaskArguments["delete_snapshot"]): Body<string> {
  const { cids } = args;
  yield* deleteMatchingSnapshots(director, ({ cid }) => cids.includes(cid));
  return `snapshot(s) ${cids.join(", ")} deleted`;
}

/** `delete deployment snapshots`. */
export function* deleteDeploymentSnapshots(
  director: Director,
  _task: Task,
  args: TaskArguments["delete_deployment_snapshots"],
): Body<string> {
  const { name } = requireDeployment(director, args.deployment);
  yield* deleteMatchingSnapshots(director, ({ deployment }) => deployment === name);
  return `snapshots of deployment '${name}' deleted`;
}
