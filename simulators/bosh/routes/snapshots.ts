import type { Instance } from "../state/deployments.ts";
import { inspect } from "../templates/ruby.ts";
import { hasIndexOrId } from "../state/lookup.ts";
import type { HttpReply } from "../../kernel/index.ts";
import { deploymentInPath, instanceInPath, pathParam, type RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { utc } from "../wire/times.ts";
import { startDeploymentTask } from "./deployment-task.ts";

function listSnapshots(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const { group, id } = context.params;
  const instances = deployment.instances.filter(
    (each) => group === undefined || (each.group === group && hasIndexOrId(each, id ?? "")),
  );
  const { snapshots } = context.director.slot.value;
  return htmlJson(
    200,
    // Snapshots of disks that an instance no longer has are not shown.
    instances
      .flatMap(({ id: owner, disk }) =>
        snapshots.filter((each) => each.instanceId === owner && each.diskCid === disk?.cid),
      )
      .map((each) => ({
        job: each.group,
        index: each.index,
        uuid: each.instanceId,
        snapshot_cid: each.cid,
        created_at: utc(each.createdMs),
        clean: each.isClean,
      })),
  );
}

function snapshotAll(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  return startDeploymentTask(context, deployment, {
    type: "snapshot_deployment",
    description: "snapshot deployment",
    job: { kind: "snapshot_deployment", args: { deployment: deployment.name } },
  });
}

/** By group and index, or by the id alone. @throws DirectorError 70001 */
function chooseInstance(context: RequestContext): Instance {
  const id = pathParam(context, "id");
  if (/^\d+$/.test(id)) return instanceInPath(context);
  const { id: row, instances } = deploymentInPath(context);
  const found = instances.find((each) => each.id === id);
  if (found !== undefined) return found;
  throw new DirectorError(70001, `No instances matched {uuid: ${inspect(id)}, deployment_id: ${row}}`);
}

function snapshotOne(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const { id: instance } = chooseInstance(context);
  return startDeploymentTask(context, deployment, {
    type: "create_snapshot",
    description: "create snapshot",
    job: { kind: "create_snapshot", args: { deployment: deployment.name, instance } },
    isOfDeployment: false,
  });
}

function deleteSnapshots(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  return startDeploymentTask(context, deployment, {
    type: "delete_deployment_snapshots",
    description: "delete deployment snapshots",
    job: { kind: "delete_deployment_snapshots", args: { deployment: deployment.name } },
  });
}

/** @throws DirectorError 70008 */
function deleteSnapshot(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const cid = pathParam(context, "cid");
  const found = context.director.slot.value.snapshots.find((each) => each.cid === cid);
  if (found === undefined) throw new DirectorError(70008, `snapshot ${cid} not found`);
  if (found.deployment !== deployment.name)
    throw new DirectorError(70008, `snapshot ${cid} not found in deployment ${deployment.name}`);
  return startDeploymentTask(context, deployment, {
    type: "delete_snapshot",
    description: "delete snapshot",
    job: { kind: "delete_snapshot", args: { deployment: deployment.name, cids: [cid] } },
    isOfDeployment: false,
  });
}

const ADMIN = { deployment: "admin" } as const;

/** The routes of snapshots. */
export const SNAPSHOTS: readonly DirectorRoute[] = [
  route("GET", "/deployments/:deployment/snapshots", ADMIN, listSnapshots),
  route("POST", "/deployments/:deployment/snapshots", ADMIN, snapshotAll),
  route("DELETE", "/deployments/:deployment/snapshots", ADMIN, deleteSnapshots),
  route("DELETE", "/deployments/:deployment/snapshots/:cid", ADMIN, deleteSnapshot),
  route("GET", "/deployments/:deployment/jobs/:group/:id/snapshots", ADMIN, listSnapshots),
  route("POST", "/deployments/:deployment/jobs/:group/:id/snapshots", ADMIN, snapshotOne),
];
