import type { Body } from "../../kernel/index.ts";
import type { Director } from "../state/director.ts";
import type { Instance, Snapshot } from "../state/index.ts";

/** Snapshots the disk of an instance; nothing is done, and no cid answered, where snapshots are switched off. */
export function* takeSnapshot(director: Director, instance: Instance): Body<readonly string[]> {
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
  });
  director.kernel.record("bosh", "snapshot.create", cid, { deployment: instance.deployment });
  return [cid];
}

/** Deletes the snapshots that `chosen` says yes to; answers with their cids. */
export function* deleteSnapshotsOf(director: Director, chosen: (each: Snapshot) => boolean): Body<readonly string[]> {
  const doomed = director.slot.value.snapshots.filter(chosen);
  for (const each of doomed) {
    yield* director.cpi.deleteSnapshot(each.cid);
    const { snapshots } = director.slot.value;
    snapshots.splice(snapshots.indexOf(each), 1);
    director.kernel.record("bosh", "snapshot.delete", each.cid);
  }
  return doomed.map(({ cid }) => cid);
}
