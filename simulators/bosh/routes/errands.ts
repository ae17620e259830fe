import type { HttpReply } from "../../kernel/index.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import { errandNames } from "../instances/errands.ts";
import { jsonObject } from "../wire/bodies.ts";
import { type Context, deploymentOf } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { broken, page } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { begin } from "./deployment-task.ts";
import { act, gone, ignore } from "./instances.ts";
import { logs, ssh } from "./logs.ts";
import { problems, resolve, scan, scanAndFix } from "./problems.ts";
import { deleteSnapshot, deleteSnapshots, snapshotAll, snapshotOne, snapshots } from "./snapshots.ts";

function errands(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const plan = planDeployed(context.director, deployment);
  if (plan === undefined) throw new DirectorError(70000, "- Deployment '' doesn't exist");
  return page(
    200,
    errandNames(plan).map((name) => ({ name })),
  );
}

function runErrand(context: Context): HttpReply {
  const deployment = deploymentOf(context);
  const body = jsonObject(context);
  if (body === undefined) return broken;
  const { errand } = context.params;
  return begin(context, deployment, {
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
  route("GET", "/deployments/:deployment/errands", READ, errands),
  route("POST", "/deployments/:deployment/errands/:errand/runs", JSON_BODY, runErrand),
  route("POST", "/deployments/:deployment/scans", ADMIN, scan),
  route("GET", "/deployments/:deployment/problems", ADMIN, problems),
  route("PUT", "/deployments/:deployment/problems", JSON_BODY, resolve),
  route("PUT", "/deployments/:deployment/scan_and_fix", JSON_BODY, scanAndFix),
  route("GET", "/deployments/:deployment/snapshots", ADMIN, snapshots),
  route("POST", "/deployments/:deployment/snapshots", ADMIN, snapshotAll),
  route("DELETE", "/deployments/:deployment/snapshots", ADMIN, deleteSnapshots),
  route("DELETE", "/deployments/:deployment/snapshots/:cid", ADMIN, deleteSnapshot),
  route("GET", "/deployments/:deployment/jobs/:group/:id/snapshots", ADMIN, snapshots),
  route("POST", "/deployments/:deployment/jobs/:group/:id/snapshots", ADMIN, snapshotOne),
  route("GET", "/deployments/:deployment/jobs/:group/:id/logs", ADMIN, logs),
  route("PUT", "/deployments/:deployment/jobs/:group/:id/resurrection", JSON_BODY, gone),
  route("POST", "/deployments/:deployment/ssh", JSON_BODY, ssh),
  route("PUT", "/deployments/:deployment/instance_groups/:group/:id/ignore", JSON_BODY, ignore),
  route("POST", "/deployments/:deployment/instance_groups/:group/:id/actions/:verb", ADMIN, act),
];
