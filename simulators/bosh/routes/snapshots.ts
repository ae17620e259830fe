import type { HttpReply } from "../../kernel/index.ts";
import { type RequestContext, deploymentInPath, instanceInPath } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson } from "../wire/replies.ts";
import { utc } from "../wire/times.ts";
import { startDeploymentTask, type DeploymentTask } from "./deployment-task.ts";

export function listSnapshots(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const only = context.params.group === undefined ? undefined : instanceInPath(context);
  return htmlJson(
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

export const snapshotAll = (context: RequestContext): HttpReply =>
  startDeploymentTask(context, deploymentInPath(context), {
    type: "snapshot_deployment",
    description: "snapshot deployment",
    kind: "snapshot_deployment",
    args: {},
  });

export function snapshotOne(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const { id } = instanceInPath(context);
  const job: DeploymentTask = {
    type: "create_snapshot",
    description: "create snapshot",
    kind: "create_snapshot",
    args: { instance: id },
  };
  return startDeploymentTask(context, deployment, { ...job, isOfDeployment: false });
}

export const deleteSnapshots = (context: RequestContext): HttpReply =>
  startDeploymentTask(context, deploymentInPath(context), {
    type: "delete_deployment_snapshots",
    description: "delete deployment snapshots",
    kind: "delete_deployment_snapshots",
    args: {},
  });

/** @throws DirectorError 70008 */
export function deleteSnapshot(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const { cid } = context.params;
  const known = context.director.slot.value.snapshots.some(
    (each) => each.deployment === deployment.name && each.cid === cid,
  );
  if (!known) throw new DirectorError(70008, `snapshot ${cid} not found`);
  const job: DeploymentTask = {
    type: "delete_snapshot",
    description: "delete snapshot",
    kind: "delete_snapshot",
    args: { cids: [cid] },
  };
  return startDeploymentTask(context, deployment, { ...job, isOfDeployment: false });
}
