import type { HttpReply } from "../../kernel/index.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import { errandNames } from "../instances/errands.ts";
import { jsonObject } from "../wire/bodies.ts";
import { type RequestContext, deploymentInPath } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { brokenReply, htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { startDeploymentTask } from "./deployment-task.ts";
import { startAction, refuseRemovedEndpoint, setIgnore } from "./instances.ts";
import { startLogs, startSsh } from "./logs.ts";
import { listProblems, startResolving, startScan, startFix } from "./problems.ts";
import { deleteSnapshot, deleteSnapshots, snapshotAll, snapshotOne, listSnapshots } from "./snapshots.ts";

function listErrands(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const plan = planDeployed(context.director, deployment);
  if (plan === undefined) throw new DirectorError(70000, "- Deployment '' doesn't exist");
  return htmlJson(
    200,
    errandNames(plan).map((name) => ({ name })),
  );
}

function startErrand(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const body = jsonObject(context);
  if (body === undefined) return brokenReply;
  const { errand } = context.params;
  return startDeploymentTask(context, deployment, {
    type: "run_errand",
    description: `run errand ${errand} from deployment ${deployment.name}`,
    kind: "errand",
    args: {
      errand,
      keepAlive: body["keep-alive"] === true,
      whenChanged: body["when-changed"] === true,
      instances: body.instances ?? [],
    },
    hasContext: true,
  });
}

const JSON_BODY = { deployment: "admin", media: ["application/json"] } as const;

const ADMIN = { deployment: "admin" } as const;

const READ = { deployment: "read" } as const;

export const OPERATIONS: readonly DirectorRoute[] = [
  route("GET", "/deployments/:deployment/errands", READ, listErrands),
  route("POST", "/deployments/:deployment/errands/:errand/runs", JSON_BODY, startErrand),
  route("POST", "/deployments/:deployment/scans", ADMIN, startScan),
  route("GET", "/deployments/:deployment/problems", ADMIN, listProblems),
  route("PUT", "/deployments/:deployment/problems", JSON_BODY, startResolving),
  route("PUT", "/deployments/:deployment/scan_and_fix", JSON_BODY, startFix),
  route("GET", "/deployments/:deployment/snapshots", ADMIN, listSnapshots),
  route("POST", "/deployments/:deployment/snapshots", ADMIN, snapshotAll),
  route("DELETE", "/deployments/:deployment/snapshots", ADMIN, deleteSnapshots),
  route("DELETE", "/deployments/:deployment/snapshots/:cid", ADMIN, deleteSnapshot),
  route("GET", "/deployments/:deployment/jobs/:group/:id/snapshots", ADMIN, listSnapshots),
  route("POST", "/deployments/:deployment/jobs/:group/:id/snapshots", ADMIN, snapshotOne),
  route("GET", "/deployments/:deployment/jobs/:group/:id/logs", ADMIN, startLogs),
  route("PUT", "/deployments/:deployment/jobs/:group/:id/resurrection", JSON_BODY, refuseRemovedEndpoint),
  route("POST", "/deployments/:deployment/ssh", JSON_BODY, startSsh),
  route("PUT", "/deployments/:deployment/instance_groups/:group/:id/ignore", JSON_BODY, setIgnore),
  route("POST", "/deployments/:deployment/instance_groups/:group/:id/actions/:verb", ADMIN, startAction),
];
