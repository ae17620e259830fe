import type { HttpReply } from "../../kernel/index.ts";
import { deploymentInPath, instanceInPath, pathParam, type RequestContext } from "../wire/context.ts";
import { inspect } from "../templates/ruby.ts";
import type { Instance } from "../state/deployments.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { startDeploymentTask } from "./deployment-task.ts";

/**
 * The instances of a request for logs: by group and index, otherwise by whichever of group and id is given.
 * @throws DirectorError 70001
 */
function chooseInstances(context: RequestContext): readonly Instance[] {
  const { id: row, name, instances } = deploymentInPath(context);
  const [group, id] = [pathParam(context, "group"), pathParam(context, "id")];
  if (/^\d+$/.test(id) && group === "*") throw new DirectorError(70001, `'${name}//${id}' doesn't exist`);
  if (/^\d+$/.test(id)) return [instanceInPath(context)];
  const chosen = instances.filter((each) => (group === "*" || each.group === group) && (id === "*" || each.id === id));
  if (chosen.length > 0) return chosen;
  const filter = [
    ...(id === "*" ? [] : [`uuid: ${inspect(id)}`]),
    ...(group === "*" ? [] : [`job: ${inspect(group)}`]),
    `deployment_id: ${row}`,
  ];
  throw new DirectorError(70001, `No instances matched {${filter.join(", ")}}`);
}

/** @throws DirectorError 70001, or 100 if no instance has a VM */
function startLogs(context: RequestContext): HttpReply {
  const { query } = context;
  const deployment = deploymentInPath(context);
  const chosen = chooseInstances(context).filter(({ vm }) => vm !== null);
  if (chosen.length === 0)
    throw new DirectorError(
      UNCLASSED,
      `No appropriate instance with a VM was found in deployment '${deployment.name}'`,
    );
  const instances = chosen.map((each) => each.id);
  const type = (query.get("type") ?? "").trim();
  const filters = (query.get("filters") ?? "").split(/[\s,]+/).filter(Boolean);
  return startDeploymentTask(context, deployment, {
    type: "fetch_logs",
    description: "fetch logs",
    job: { kind: "logs", args: { deployment: deployment.name, instances, type, filters } },
  });
}

/** The routes of logs. */
export const LOGS: readonly DirectorRoute[] = [
  route("GET", "/deployments/:deployment/jobs/:group/:id/logs", { deployment: "admin" }, startLogs),
];
