import { shownVariables } from "../deploy/variable-sets.ts";
import type { HttpReply } from "../../kernel/index.ts";
import { canSee } from "../wire/access.ts";
import { deploymentInPath, type RequestContext } from "../wire/context.ts";
import { htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";

const listVariables = (context: RequestContext): HttpReply => htmlJson(200, shownVariables(deploymentInPath(context)));

/** The deployments that used a variable in their last successful deploy, each with the version that it used. */
function listUsers({ director, params, caller }: RequestContext): HttpReply {
  const deployments = [...director.slot.value.deployments.values()]
    .filter(({ teams }) => canSee(director, caller, teams))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, variableSets }) => {
      const entries = variableSets.findLast(({ isDeployed }) => isDeployed)?.entries ?? [];
      return entries.filter((each) => each.name === params.name).map(({ id }) => ({ name, version: id }));
    });
  return htmlJson(200, { deployments });
}

/** The routes of variables. */
export const VARIABLES: readonly DirectorRoute[] = [
  route("GET", "/deployments/:deployment/variables", { deployment: "admin" }, listVariables),
  route("GET", "/deployed_variables/:name", { needs: "list_deployments" }, listUsers),
];
