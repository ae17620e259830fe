import { currentSet } from "../deploy/variable-sets.ts";
import type { HttpReply } from "../../kernel/index.ts";
import { deploymentInPath, type RequestContext } from "../wire/context.ts";
import { htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";

const listVariables = (context: RequestContext): HttpReply => htmlJson(200, currentSet(deploymentInPath(context))?.entries ?? []);

/** The deployments that use a variable, each with the version that it uses. */
function listUsers({ director, params }: RequestContext): HttpReply {
  const deployments = [...director.slot.value.deployments.values()].flatMap((deployment) =>
    (currentSet(deployment)?.entries ?? []).filter((each) => each.name === params.name).map(({ id }) => ({ name: deployment.name, version: id })),
  );
  return htmlJson(200, { deployments });
}

/** The routes of variables. */
export const VARIABLES: readonly DirectorRoute[] = [
  route("GET", "/deployments/:deployment/variables", { deployment: "admin" }, listVariables),
  route("GET", "/deployed_variables/:name", { needs: "read" }, listUsers),
];
