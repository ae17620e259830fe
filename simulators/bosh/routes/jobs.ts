import { type DirectorRoute, route } from "../wire/route.ts";
import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { type RequestContext, deploymentInPath, instanceInPath } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson, redirectToTask } from "../wire/replies.ts";
import { startDeploy } from "./deploy-request.ts";

/** A change of state is a deploy of the last manifest, or of one in the request. */
function changeState(context: RequestContext): HttpReply {
  const { params, query, request } = context;
  const deployment = deploymentInPath(context);
  const text = bodyText(request).trim() === "" ? null : bodyText(request);
  const state = query.get("state");
  if (state === null && text === null) throw new DirectorError(440001, "Manifest should not be empty");
  if (params.id !== undefined) instanceInPath(context);
  const change = state === null ? null : { group: params.group ?? "*", id: params.id ?? null, state };
  return redirectToTask(context, startDeploy(context, deployment.name, text, change));
}

function showJob(context: RequestContext): HttpReply {
  const { deployment, group, index, id, state, disk } = instanceInPath(context, false);
  return htmlJson(200, { deployment, job: group, index, id, state, disks: disk === null ? [] : [disk.cid] });
}

const YAML_BODY = { deployment: "admin", media: ["text/yaml"] } as const;

/** The routes of /deployments/:deployment/jobs. */
export const JOBS: readonly DirectorRoute[] = [
  route("PUT", "/deployments/:deployment/jobs/:group", YAML_BODY, changeState),
  route("PUT", "/deployments/:deployment/jobs/:group/:id", YAML_BODY, changeState),
  route("GET", "/deployments/:deployment/jobs/:group/:id", { deployment: "read" }, showJob),
];
