import type { HttpReply } from "../../kernel/index.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import { errandNames } from "../instances/errand-targets.ts";
import type { InstanceFilter } from "../tasks/jobs.ts";
import { isHash } from "../configs/fields.ts";
import { toRubyText } from "../templates/ruby.ts";
import { isNil, jsonObject, raiseUnforeseen, Unforeseen } from "../wire/bodies.ts";
import { deploymentInPath, pathParam, type RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { startDeploymentTask } from "./deployment-task.ts";

/** @throws DirectorError 70000 where no deploy has succeeded yet */
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
    keepAlive: body["keep-alive"] === true,
    whenChanged: body["when-changed"] === true,
    instances: readInstanceFilters(body.instances),
  };
  return startDeploymentTask(context, deployment, {
    type: "run_errand",
    description: `run errand ${errand} from deployment ${deployment.name}`,
    job: { kind: "errand", args },
    hasContext: true,
  });
}

/** @throws Unforeseen where it is not a list of mappings */
function readInstanceFilters(value: unknown): readonly InstanceFilter[] {
  if (isNil(value)) return [];
  if (!Array.isArray(value)) throw new Unforeseen();
  return value.map((each: unknown) => {
    if (!isHash(each)) throw new Unforeseen();
    return {
      ...(isNil(each.group) ? {} : { group: toRubyText(each.group) }),
      ...(isNil(each.id) ? {} : { id: toRubyText(each.id) }),
    };
  });
}

/** The routes of /deployments/:deployment/errands. */
export const ERRANDS: readonly DirectorRoute[] = [
  route("GET", "/deployments/:deployment/errands", { deployment: "read" }, listErrands),
  route(
    "POST",
    "/deployments/:deployment/errands/:errand/runs",
    { deployment: "admin", media: ["application/json"] },
    startErrand,
  ),
];
