import type { HttpReply } from "../../kernel/index.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import { errandNames } from "../instances/errand-targets.ts";
import { isTruthy } from "../templates/ruby.ts";
import { jsonObject, raiseUnforeseen } from "../wire/bodies.ts";
import { deploymentInPath, pathParam, type RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { startDeploymentTask } from "./deployment-task.ts";

/** @throws DirectorError 70000 if no deploy has succeeded yet */
function listErrands(context: RequestContext): HttpReply {
  const plan = planDeployed(context.director, deploymentInPath(context));
  if (plan === undefined) throw new DirectorError(70000, "- Deployment '' doesn't exist");
  return htmlJson(
    200,
    errandNames(plan).map((name) => ({ name })),
  );
}

function startErrand(context: RequestContext): HttpReply {
  const deployment = deploymentInPath(context);
  const body = jsonObject(context) ?? raiseUnforeseen();
  const errand = pathParam(context, "errand");
  const args = {
    deployment: deployment.name,
    errand,
    keepAlive: isTruthy(body["keep-alive"]),
    whenChanged: isTruthy(body["when-changed"]),
    instances: isTruthy(body.instances) ? body.instances : [],
  };
  return startDeploymentTask(context, deployment, {
    type: "run_errand",
    description: `run errand ${errand} from deployment ${deployment.name}`,
    job: { kind: "errand", args },
    hasContext: true,
  });
}

/** The routes of /deployments/:deployment/errands. */
export const ERRANDS: readonly DirectorRoute[] = [
  route("GET", "/deployments/:deployment/errands", { deployment: "read" }, listErrands),
  route("POST", "/deployments/:deployment/errands/:errand/runs", { deployment: "admin" }, startErrand),
];
