import type { HttpReply } from "../../kernel/index.ts";
import { deploymentInPath, instanceInPath, pathParam, type RequestContext } from "../wire/context.ts";
import { inspect } from "../templates/ruby.ts";
import { DirectorError } from "../wire/errors.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { startDeploymentTask } from "./deployment-task.ts";

/** @throws DirectorError 70001 */
function startLogs(context: RequestContext): HttpReply {
  const { query } = context;
  const deployment = deploymentInPath(context);
  const [group, id] = [pathParam(context, "group"), pathParam(context, "id")];
  if (group !== "*" && id !== "*") instanceInPath(context);
  else if (!deployment.instances.some((each) => group === "*" || each.group === group))
    throw new DirectorError(
      70001,
      `No instances matched {${group === "*" ? "" : `job: ${inspect(group)}, `}deployment_id: ${deployment.id}}`,
    );
  const type = query.get("type") ?? "job";
  const filters = query.get("filters") ?? "";
  return startDeploymentTask(context, deployment, {
    type: "fetch_logs",
    description: "fetch logs",
    job: { kind: "logs", args: { deployment: deployment.name, group, id, type, filters } },
  });
}

/** The routes of logs. */
export const LOGS: readonly DirectorRoute[] = [
  route("GET", "/deployments/:deployment/jobs/:group/:id/logs", { deployment: "admin" }, startLogs),
];
