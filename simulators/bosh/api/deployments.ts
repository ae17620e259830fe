import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { parse } from "yaml";
import { teamsOf } from "../auth/scopes.ts";
import type { DeployArgs } from "../deploy/deploy.ts";
import { deploymentLock } from "../deploy/deploy.ts";
import { nameOf, readManifest } from "../deploy/manifest.ts";
import type { Director } from "../director.ts";
import { DirectorError } from "../errors.ts";
import type { Deployment, Instance, Task } from "../state.ts";
import { startTask } from "../tasks.ts";
import { latestConfigs } from "./configs.ts";
import { diffLines } from "./diff.ts";
import {
  type Context,
  contextId,
  deploymentOf,
  type DirectorRoute,
  instanceOf,
  page,
  route,
  sees,
  toTask,
} from "./frame.ts";

export const isoTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

const ids = (director: Director, type: string): readonly number[] => latestConfigs(director, type).map(({ id }) => id);

function cloudConfigState(director: Director, deployment: Deployment): string {
  const latest = ids(director, "cloud");
  if (deployment.cloudConfigIds.length === 0)
    return deployment.manifest === null && latest.length > 0 ? "latest" : "none";
  return JSON.stringify(latest) === JSON.stringify(deployment.cloudConfigIds) ? "latest" : "outdated";
}

function list({ director, query, caller }: Context): HttpReply {
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

interface ConfigContext {
  readonly cloud_config_ids: readonly number[];
  readonly runtime_config_ids: readonly number[];
}

/** The configs to deploy with: those of the diff that the client saw, else the latest. @throws DirectorError 190025 */
function configContext({ director, query }: Context): ConfigContext {
  const text = query.get("context");
  if (text === null) return { cloud_config_ids: ids(director, "cloud"), runtime_config_ids: ids(director, "runtime") };
  const given = JSON.parse(text) as ConfigContext;
  const known = new Set(director.slot.value.configs.map(({ id }) => id));
  if (![...given.cloud_config_ids, ...given.runtime_config_ids].every((id) => known.has(id)))
    throw new DirectorError(190025, "Context includes invalid config ID");
  return given;
}

function startDeploy(context: Context, manifest: string, name: string): Task {
  const { director, caller, query } = context;
  if (query.has("recreate_vms_created_before") && query.get("recreate") !== "true") {
    throw new DirectorError(40005, "Must pass recreate=true when specifying recreate_vms_created_before");
  }
  const configs = configContext(context);
  const dryRun = query.get("dry_run") === "true";
  const args: DeployArgs = {
    deployment: name,
    manifest,
    cloudConfigIds: configs.cloud_config_ids,
    runtimeConfigIds: configs.runtime_config_ids,
    recreate: query.get("recreate") === "true",
    skipDrain: query.has("skip_drain"),
    dryRun,
  };
  const task = startTask(director, {
    type: "update_deployment",
    description: `create deployment${dryRun ? " (dry run)" : ""}`,
    user: caller.user,
    deployment: name,
    contextId: contextId(context),
    job: { kind: "deploy", args: { ...args } },
  });
  enlist(context, name, configs);
  return task;
}

/** A deployment is listed from the moment its first deploy is accepted. */
function enlist({ director, caller }: Context, name: string, configs: ConfigContext): void {
  const { deployments } = director.slot.value;
  if (deployments.has(name)) return;
  deployments.set(name, {
    name,
    teams: caller.scopes.includes("bosh.admin") ? [] : teamsOf(caller),
    manifest: null,
    cloudConfigIds: configs.cloud_config_ids,
    runtimeConfigIds: configs.runtime_config_ids,
    releases: [],
    stemcells: [],
    instances: [],
  });
  director.kernel.record("bosh", "deployment.create", name);
}

function create(context: Context): HttpReply {
  const text = bodyText(context.request);
  const name = nameOf(readManifest(text));
  return toTask(context, startDeploy(context, text, name));
}

function diff(context: Context): HttpReply {
  const { director, params, query, request } = context;
  const deployment = director.slot.value.deployments.get(params.deployment ?? "");
  try {
    const configs = { cloud_config_ids: ids(director, "cloud"), runtime_config_ids: ids(director, "runtime") };
    const before = merged(director, deployment?.manifest ?? null, deployment?.cloudConfigIds ?? []);
    const after = merged(director, bodyText(request), configs.cloud_config_ids);
    delete (after as Record<string, unknown>).name;
    delete (before as Record<string, unknown>).name;
    return page(200, { context: configs, diff: diffLines(before, after, query.get("redact") !== "false") });
  } catch (error) {
    if (!(error instanceof DirectorError)) throw error;
    return page(200, {
      diff: [],
      error: `Unable to diff manifest: #<Bosh::Director::BadManifest: ${error.message}>\n`,
    });
  }
}

function merged(director: Director, manifest: string | null, cloudIds: readonly number[]): object {
  if (manifest === null) return {};
  const configs = cloudIds.map(
    (id) => parse(director.slot.value.configs.find((each) => each.id === id)?.content ?? "{}") as object,
  );
  return Object.assign({}, ...configs, readManifest(manifest)) as object;
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

const inOrder = (instances: readonly Instance[]): readonly Instance[] =>
  [...instances].sort((a, b) => (a.group === b.group ? a.index - b.index : a.group < b.group ? -1 : 1));

function vmLine(instance: Instance): Record<string, unknown> {
  const { vm } = instance;
  return {
    agent_id: vm?.agentId ?? null,
    cid: vm?.cid ?? null,
    job: instance.group,
    index: instance.index,
    id: instance.id,
    az: instance.az === "" ? null : instance.az,
    ips: vm === null ? [] : instance.ips.map(({ ip }) => ip),
    vm_created_at: vm === null ? null : isoTime(vm.createdMs),
  };
}

function machines(context: Context, kind: "vms" | "instances"): HttpReply {
  const { director, caller, query } = context;
  const deployment = deploymentOf(context);
  if (query.get("format") === "full") {
    const task = startTask(director, {
      type: "vms",
      description: "retrieve vm-stats",
      user: caller.user,
      deployment: deployment.name,
      queue: "urgent",
      job: { kind: "vms", args: { deployment: deployment.name, kind } },
    });
    return toTask(context, task);
  }
  const instances = inOrder(deployment.instances);
  if (kind === "vms")
    return page(
      200,
      instances
        .filter(({ vm }) => vm !== null)
        .map((each) => ({ ...vmLine(each), active: true, permanent_nats_credentials: false })),
    );
  return page(
    200,
    instances.map((each) => ({ ...vmLine(each), expects_vm: each.state !== "detached" })),
  );
}

const STATES: Readonly<Record<string, Instance["state"]>> = {
  started: "started",
  stopped: "stopped",
  detached: "detached",
  restart: "started",
  recreate: "started",
};

/** A change of state is a deploy of the last manifest. */
function changeState(context: Context): HttpReply {
  const { director, params, query, request } = context;
  const deployment = deploymentOf(context);
  const state = query.get("state");
  const text = bodyText(request);
  if (state === null && text.trim() === "") throw new DirectorError(440001, "Manifest should not be empty");
  if (params.id !== undefined) instanceOf(context);
  const manifest = text.trim() === "" ? deployment.manifest : text;
  if (manifest === null) throw new DirectorError(440001, "Manifest should not be empty");
  const chosen = deployment.instances.filter(
    (each) =>
      (params.group === "*" || each.group === params.group) &&
      (params.id === undefined || each.id === params.id || String(each.index) === params.id),
  );
  const desired = STATES[state ?? "started"];
  if (desired === undefined) throw new DirectorError(140008, `Illegal job state: ${state}`);
  for (const instance of chosen) {
    if (instance.state !== desired || state === "restart" || state === "recreate") instance.clean = false;
    if (state === "recreate") instance.vmSpec = "recreate";
    instance.state = desired;
  }
  director.kernel.record("bosh", "instances.state", deployment.name, { group: params.group, state });
  return toTask(
    context,
    startDeploy(
      { ...context, query: new URLSearchParams([...query].filter(([key]) => key !== "recreate")) },
      manifest,
      deployment.name,
    ),
  );
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
  route("GET", "/deployments/:deployment/variables", { deployment: "read" }, () => page(200, [])),
  route("GET", "/deployments/:deployment/errands", { deployment: "read" }, () => page(200, [])),
  route("GET", "/deployments/:deployment/certificate_expiry", { deployment: "read" }, () => page(200, [])),
  route("PUT", "/deployments/:deployment/jobs/:group", { deployment: "admin", media: ["text/yaml"] }, changeState),
  route("PUT", "/deployments/:deployment/jobs/:group/:id", { deployment: "admin", media: ["text/yaml"] }, changeState),
  route("GET", "/deployments/:deployment/jobs/:group/:id", { deployment: "read" }, (context) => {
    const instance = instanceOf(context);
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
