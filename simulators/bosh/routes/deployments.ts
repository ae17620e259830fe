import { readYaml } from "../templates/yaml.ts";
import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { teamScopes, teamsOf } from "../auth/scopes.ts";
import type { DeployArgs } from "../deploy/deploy.ts";
import { configsOf, deploymentLock } from "../deploy/deploy.ts";
import { nameOf, readManifest } from "../deploy/manifest.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";
import { type Deployment, expectsVm, type Instance, type Task } from "../state/index.ts";
import { startTask } from "../tasks/queue.ts";
import { latestConfigs } from "./configs.ts";
import { diffLines } from "../configs/diff.ts";
import {
  type Context,
  contextId,
  deploymentOf,
  type DirectorRoute,
  instanceOf,
  page,
  requireScopes,
  route,
  sees,
  toTask,
} from "../wire/route.ts";

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
  const latest = { cloud_config_ids: ids(director, "cloud"), runtime_config_ids: ids(director, "runtime") };
  const given = text === null ? latest : { ...latest, ...parseContext(text) };
  const known = new Set(director.slot.value.configs.map(({ id }) => id));
  if (![...given.cloud_config_ids, ...given.runtime_config_ids].every((id) => known.has(id)))
    throw new DirectorError(190025, "Context includes invalid config ID");
  return given;
}

function parseContext(text: string): Partial<ConfigContext> {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const lists = Object.entries(value ?? {}).filter(([, each]) => Array.isArray(each));
    return Object.fromEntries(lists.map(([key, each]) => [key, (each as unknown[]).map(Number)]));
  } catch {
    throw new DirectorError(190025, "Context includes invalid config ID");
  }
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** @throws DirectorError 40005 */
function recreateBefore(query: URLSearchParams): string | null {
  const text = query.get("recreate_vms_created_before");
  if (text === null) return null;
  if (!RFC_3339.test(text))
    throw new DirectorError(40005, `Invalid RFC 3339 timestamp for recreate_vms_created_before: ${text}`);
  return text;
}

function startDeploy(context: Context, name: string, manifest: string | null, change: DeployArgs["change"]): Task {
  const { director, caller, query } = context;
  if (query.has("recreate_vms_created_before") && query.get("recreate") !== "true" && change === null)
    throw new DirectorError(40005, "Must pass recreate=true when specifying recreate_vms_created_before");
  const before = recreateBefore(query);
  const configs = configContext(context);
  const dryRun = query.get("dry_run") === "true";
  const args: DeployArgs = {
    deployment: name,
    manifest,
    cloudConfigIds: configs.cloud_config_ids,
    runtimeConfigIds: configs.runtime_config_ids,
    recreate: query.get("recreate") === "true",
    recreateDisks: query.get("recreate_persistent_disks") === "true",
    recreateBefore: before,
    recreateBeforeMs: before === null ? null : Date.parse(before),
    fix: query.get("fix") === "true",
    skipDrain: query.get("skip_drain"),
    canaries: query.get("canaries"),
    maxInFlight: query.get("max_in_flight"),
    dryRun,
    change,
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
  const state = director.slot.value;
  if (state.deployments.has(name)) return;
  state.deployments.set(name, {
    id: ++state.deploymentIds,
    name,
    teams: caller.scopes.includes("bosh.admin") ? [] : teamsOf(caller),
    manifest: null,
    cloudConfigIds: configs.cloud_config_ids,
    runtimeConfigIds: configs.runtime_config_ids,
    releases: [],
    stemcells: [],
    instances: [],
    variables: [],
    hasRecords: false,
    errandRuns: {},
  });
  director.kernel.record("bosh", "deployment.create", name);
}

function create(context: Context): HttpReply {
  const { director, caller } = context;
  const text = bodyText(context.request);
  const name = nameOf(readManifest(text));
  const known = director.slot.value.deployments.get(name);
  if (known !== undefined) requireScopes(caller, teamScopes(known.teams, "admin", director.uuid));
  return toTask(context, startDeploy(context, name, text, null));
}

function diff(context: Context): HttpReply {
  const { director, params, query, request } = context;
  const deployment = director.slot.value.deployments.get(params.deployment ?? "");
  try {
    const configs = { cloud_config_ids: ids(director, "cloud"), runtime_config_ids: ids(director, "runtime") };
    const before = merged(
      director,
      deployment?.manifest ?? null,
      deployment?.cloudConfigIds ?? [],
      deployment?.runtimeConfigIds ?? [],
    );
    const after = merged(director, bodyText(request), configs.cloud_config_ids, configs.runtime_config_ids);
    return page(200, { context: configs, diff: diffLines(before, after, query.get("redact") !== "false") });
  } catch (error) {
    if (!(error instanceof DirectorError || error instanceof TypeError)) throw error;
    const type = error instanceof TypeError ? "NoMethodError" : "Bosh::Director::BadManifest";
    return page(200, { diff: [], error: `Unable to diff manifest: #<${type}: ${error.message}>\n` });
  }
}

const LISTS = ["releases", "addons", "variables"] as const;

/** The manifest with its configs, as one document. @throws DirectorError, TypeError in Ruby's words */
function merged(
  director: Director,
  manifest: string | null,
  cloudIds: readonly number[],
  runtimeIds: readonly number[],
): object {
  const read = (wanted: readonly number[]): readonly Record<string, unknown>[] =>
    configsOf(director, wanted).map(({ content }) => (readYaml(content) ?? {}) as Record<string, unknown>);
  const document: Record<string, unknown> = Object.assign(
    {},
    ...read(cloudIds),
    manifest === null ? {} : readManifest(manifest),
  );
  for (const list of LISTS)
    if (document[list] !== undefined && !Array.isArray(document[list]))
      throw new TypeError(`undefined method 'to_set' for ${rubyKind(document[list])}`);
  for (const runtime of read(manifest === null ? [] : runtimeIds)) {
    for (const list of LISTS) {
      if (!Array.isArray(runtime[list])) continue;
      const own = (document[list] ?? []) as readonly { readonly name?: string }[];
      const added = (runtime[list] as readonly { readonly name?: string }[]).filter(
        ({ name }) => !own.some((each) => each.name === name),
      );
      if (added.length > 0) document[list] = [...own, ...added];
    }
    if (runtime.tags !== undefined)
      document.tags = { ...(runtime.tags as object), ...(document.tags as object | undefined) };
  }
  return document;
}

const rubyKind = (value: unknown): string =>
  typeof value === "number"
    ? "an instance of Integer"
    : value === null
      ? "nil"
      : typeof value === "string"
        ? "an instance of String"
        : "an instance of Hash";

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
    instances.map((each) => ({
      ...vmLine(each),
      expects_vm: expectsVm(each),
    })),
  );
}

/** A change of state is a deploy of the last manifest, or of one that comes along. */
function changeState(context: Context): HttpReply {
  const { params, query, request } = context;
  const deployment = deploymentOf(context);
  const text = bodyText(request).trim() === "" ? null : bodyText(request);
  const state = query.get("state");
  if (state === null && text === null) throw new DirectorError(440001, "Manifest should not be empty");
  if (params.id !== undefined) instanceOf(context);
  const change = state === null ? null : { group: params.group ?? "*", id: params.id ?? null, state };
  return toTask(context, startDeploy(context, deployment.name, text, change));
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
