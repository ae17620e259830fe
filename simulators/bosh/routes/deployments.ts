import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { teamScopes } from "../auth/scopes.ts";
import { deploymentLock } from "../deploy/deployment-lock.ts";
import { canonicalName } from "../deploy/canonical.ts";
import { readManifest } from "../deploy/read-manifest.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { startTask } from "../tasks/queue.ts";
import { requireScopes, canSee } from "../wire/access.ts";
import { type RequestContext, contextIdOf, deploymentInPath } from "../wire/context.ts";
import { htmlJson, redirectToTask } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { latestIds, startDeploy } from "./deploy-request.ts";
import { Unforeseen } from "../wire/bodies.ts";
import { DirectorError } from "../wire/errors.ts";
import { diffManifest } from "./deployment-diff.ts";

/** @param latest the ids of the latest cloud configs: the same for all deployments of a list */
function cloudConfigState(latest: readonly number[], deployment: Deployment): string {
  if (deployment.cloudConfigIds.length === 0)
    return deployment.manifest === null && latest.length > 0 ? "latest" : "none";
  return JSON.stringify(latest) === JSON.stringify(deployment.cloudConfigIds) ? "latest" : "outdated";
}

function list({ director, query, caller }: RequestContext): HttpReply {
  const without = (name: string): boolean => query.get(`exclude_${name}`) === "true";
  const latest = without("configs") ? [] : latestIds(director, "cloud");
  const all = [...director.slot.value.deployments.values()]
    .filter(({ teams }) => canSee(director, caller, teams))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return htmlJson(
    200,
    all.map((deployment) => ({
      name: deployment.name,
      teams: deployment.teams,
      ...(without("configs") ? {} : { cloud_config: cloudConfigState(latest, deployment) }),
      ...(without("stemcells") ? {} : { stemcells: deployment.stemcells }),
      ...(without("releases") ? {} : { releases: deployment.releases }),
      ...(without("lock") ? {} : { locked: director.slot.value.locks.has(deploymentLock(deployment.name)) }),
    })),
  );
}

function create(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const text = bodyText(context.request);
  const { name } = readManifest(text);
  if (name === undefined || name === null || name === false)
    throw new DirectorError(40001, "Deployment manifest must have a 'name' key");
  const known = typeof name === "string" ? director.slot.value.deployments.get(name) : undefined;
  if (known !== undefined) requireScopes(caller, teamScopes(known.teams, "admin", director.uuid));
  return redirectToTask(context, startDeploy(context, known?.name ?? newName(director, name), text, null));
}

/** The names that the director's database accepts; for anything else it fails without a message. */
const VALID_NAME = /^[-0-9A-Za-z_+.]+$/im;

/** The name of a new deployment (deployment_repo.rb in bosh-director). @throws DirectorError 190009, 420001; Unforeseen */
function newName(director: Director, name: unknown): string {
  if (typeof name !== "string") throw new Unforeseen();
  const canonical = canonicalName(name);
  for (const other of director.slot.value.deployments.values())
    if (other.canonical === canonical)
      throw new DirectorError(
        190009,
        `Invalid deployment name '${name}', canonical name already taken ('${canonical}')`,
      );
  if (!VALID_NAME.test(name)) throw new Unforeseen();
  return name;
}

function remove(context: RequestContext): HttpReply {
  const { director, caller, query } = context;
  const { name } = deploymentInPath(context);
  const task = startTask(director, {
    type: "delete_deployment",
    description: `delete deployment ${name}`,
    user: caller.user,
    deployment: name,
    contextId: contextIdOf(context),
    job: { kind: "delete_deployment", args: { deployment: name, force: query.get("force") === "true" } },
  });
  return redirectToTask(context, task);
}

/** The routes of /deployments. */
export const DEPLOYMENTS: readonly DirectorRoute[] = [
  route("GET", "/deployments", { needs: "list_deployments" }, list),
  route("POST", "/deployments", { needs: "create_deployment", media: ["text/yaml"] }, create),
  route("GET", "/deployments/:deployment", { deployment: "read" }, (context) =>
    htmlJson(200, { manifest: deploymentInPath(context).manifest }),
  ),
  route("DELETE", "/deployments/:deployment", { deployment: "admin" }, remove),
  route("POST", "/deployments/:deployment/diff", { needs: "anybody", media: ["text/yaml"] }, diffManifest),
  route("GET", "/deployments/:deployment/certificate_expiry", { deployment: "read" }, () => htmlJson(200, [])),
];
