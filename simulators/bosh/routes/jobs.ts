import { disksOf } from "../state/lookup.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { type RequestContext, deploymentInPath, instanceInPath } from "../wire/context.ts";
import { readManifest } from "../deploy/read-manifest.ts";
import { htmlJson, redirectToTask } from "../wire/replies.ts";
import { startDeploy } from "./deploy-request.ts";

/** A change of state is a deploy of the last manifest, or of one in the request. @throws DirectorError 440001, 70000, 70001, 70002 */
function changeState(context: RequestContext): HttpReply {
  const { params, query, request } = context;
  const deployment = deploymentInPath(context);
  const index = params.id === undefined ? null : String(instanceInPath(context).index);
  const text = bodyText(request);
  const state = query.get("state");
  // For a single instance, the task refuses a missing state.
  if (text !== "" || (state === null && index === null)) readManifest(text);
  const change =
    state === null && index === null ? null : { group: params.group ?? "*", id: index, state: state ?? "" };
  return redirectToTask(context, startDeploy(context, deployment.name, text === "" ? null : text, change));
}

function showJob(context: RequestContext): HttpReply {
  const instance = instanceInPath(context, false);
  const { deployment, group, index, id, state } = instance;
  return htmlJson(200, { deployment, job: group, index, id, state, disks: disksOf(instance).map(({ cid }) => cid) });
}

const YAML_BODY = { deployment: "admin", media: ["text/yaml"] } as const;

/** The routes of /deployments/:deployment/jobs. */
export const JOBS: readonly DirectorRoute[] = [
  route("PUT", "/deployments/:deployment/jobs/:group", YAML_BODY, changeState),
  route("PUT", "/deployments/:deployment/jobs/:group/:id", YAML_BODY, changeState),
  route("GET", "/deployments/:deployment/jobs/:group/:id", { deployment: "admin" }, showJob),
];
