import type { HttpReply } from "../../kernel/index.ts";
import { type Context, deploymentOf, instanceOf } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { page } from "../wire/replies.ts";
import { utc } from "../wire/times.ts";
import { begin, type Job } from "./deployment-task.ts";

export function snapshots(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const only = context.params.group === undefined ? undefined : instanceOf(context);
  return page(
    200,
    context.director.slot.value.snapshots
      .filter((each) => each.deployment === deployment.name && (only === undefined || each.instanceId === only.id))
      .map((each) => ({
        job: each.group,
        index: each.index,
        uuid: each.instanceId,
        snapshot_cid: each.cid,
        created_at: utc(each.createdMs),
        clean: false,
      })),
  );
}

export const snapshotAll = (context: Context): HttpReply =>
  begin(context, deploymentOf(context), {
    type: "snapshot_deployment",
    description: "snapshot deployment",
    kind: "snapshot_deployment",
    args: {},
  });

export function snapshotOne(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const { id } = instanceOf(context);
  const job: Job = {
    type: "create_snapshot",
    description: "create snapshot",
    kind: "create_snapshot",
    args: { instance: id },
  };
  return begin(context, deployment, { ...job, isOfDeployment: false });
}

export const deleteSnapshots = (context: Context): HttpReply =>
  begin(context, deploymentOf(context), {
    type: "delete_deployment_snapshots",
    description: "delete deployment snapshots",
    kind: "delete_deployment_snapshots",
    args: {},
  });

/** @throws DirectorError 70008 */
export function deleteSnapshot(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const { cid } = context.params;
  const known = context.director.slot.value.snapshots.some(
    (each) => each.deployment === deployment.name && each.cid === cid,
  );
  if (!known) throw new DirectorError(70008, `snapshot ${cid} not found`);
  const job: Job = {
    type: "delete_snapshot",
    description: "delete snapshot",
    kind: "delete_snapshot",
    args: { cids: [cid] },
  };
  return begin(context, deployment, { ...job, isOfDeployment: false });
}
