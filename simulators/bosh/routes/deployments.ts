import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { teamScopes } from "../auth/scopes.ts";
import { deploymentLock } from "../deploy/lock.ts";
import { nameOf, readManifest } from "../deploy/manifest.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { startTask } from "../tasks/queue.ts";
import { requireScopes, sees } from "../wire/access.ts";
import { type Context, contextId, deploymentOf, instanceOf } from "../wire/context.ts";
import { page, toTask } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { ids, startDeploy } from "./deploy-request.ts";
import { diff } from "./deployment-diff.ts";
import { machines } from "./instances.ts";
import { changeState } from "./jobs.ts";

function cloudConfigState(director: Director, deployment: Deployment): string {
  const latest = ids(director, "cloud");
  if (deployment.cloudConfigIds.length === 0)
    return deployment.manifest === null && latest.length > 0 ? "latest" : "none";
  return JSON.stringify(latest) === JSON.stringify(deployment.cloudConfigIds) ? "latest" : "outdated";
}

export function list({ director, query, caller }: Context): HttpReply {
  const without = (name: string): boolean => query.get(`exclude_${name}`) === "true";
  const all = [...director.slot.value.deployments.values()]
    .filter(({ teams }) => sees(director, caller, teams))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return page(
    200,
    all.map((deployment) => ({
      name: deployment.name,
      teams: deployment.teams,
      ...(without("configs") ? {} : { cloud_config: cloudConfigState(director, deployment) }),
      ...(without("stemcells") ? {} : { stemcells: deployment.stemcells }),
      ...(without("releases") ? {} : { releases: deployment.releases }),
      ...(without("lock") ? {} : { locked: director.slot.value.locks.has(deploymentLock(deployment.name)) }),
    })),
  );
}

function create(context: Context): HttpReply {
  const { director, caller } = context;
  const text = bodyText(context.request);
  const name = nameOf(readManifest(text));
  const known = director.slot.value.deployments.get(name);
  if (known !== undefined) requireScopes(caller, teamScopes(known.teams, "admin", director.uuid));
  return toTask(context, startDeploy(context, name, text, null));
}

function remove(context: Context): HttpReply {
  const { director, caller, query } = context;
  const { name } = deploymentOf(context);
  const task = startTask(director, {
    type: "delete_deployment",
    description: `delete deployment ${name}`,
    user: caller.user,
    deployment: name,
    contextId: contextId(context),
    job: { kind: "delete_deployment", args: { deployment: name, force: query.get("force") === "true" } },
  });
  return toTask(context, task);
}

export const DEPLOYMENTS: readonly DirectorRoute[] = [
  route("GET", "/deployments", { needs: "list_deployments" }, list),
  route("POST", "/deployments", { needs: "create_deployment", media: ["text/yaml"] }, create),
  route("GET", "/deployments/:deployment", { deployment: "read" }, (context) =>
    page(200, { manifest: deploymentOf(context).manifest }),
  ),
  route("DELETE", "/deployments/:deployment", { deployment: "admin" }, remove),
  route("POST", "/deployments/:deployment/diff", { needs: "create_deployment", media: ["text/yaml"] }, diff),
  route("GET", "/deployments/:deployment/vms", { deployment: "read" }, (context) => machines(context, "vms")),
  route("GET", "/deployments/:deployment/instances", { deployment: "read" }, (context) =>
    machines(context, "instances"),
  ),
  route("GET", "/deployments/:deployment/variables", { deployment: "read" }, (context) =>
    page(200, deploymentOf(context).variables),
  ),
  route("GET", "/deployed_variables/:name", { needs: "read" }, ({ director, params }) =>
    page(200, {
      deployments: [...director.slot.value.deployments.values()].flatMap(({ name, variables }) =>
        variables.filter((each) => each.name === params.name).map(({ id }) => ({ name, version: id })),
      ),
    }),
  ),
  route("GET", "/deployments/:deployment/certificate_expiry", { deployment: "read" }, () => page(200, [])),
  route("PUT", "/deployments/:deployment/jobs/:group", { deployment: "admin", media: ["text/yaml"] }, changeState),
  route("PUT", "/deployments/:deployment/jobs/:group/:id", { deployment: "admin", media: ["text/yaml"] }, changeState),
  route("GET", "/deployments/:deployment/jobs/:group/:id", { deployment: "read" }, (context) => {
    const instance = instanceOf(context, false);
    const disks = instance.disk === null ? [] : [instance.disk.cid];
    return page(200, {
      deployment: instance.deployment,
      job: instance.group,
      index: instance.index,
      id: instance.id,
      state: instance.state,
      disks,
    });
  }),
];
