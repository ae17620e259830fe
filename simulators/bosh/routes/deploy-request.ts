import { asFields } from "../configs/fields.ts";
import { adminTeamsOf } from "../auth/scopes.ts";
import { latestConfigs } from "../configs/latest.ts";
import type { DeployArgs } from "../deploy/args.ts";
import { canonicalName } from "../deploy/canonical.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { startTask } from "../tasks/queue.ts";
import { type RequestContext, contextIdOf } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";

/** The ids of the newest configs of a type. */
export const latestIds = (director: Director, type: string): readonly number[] =>
  latestConfigs(director, type).map(({ id }) => id);

interface ConfigContext {
  readonly cloud_config_ids: readonly number[];
  readonly runtime_config_ids: readonly number[];
}

/** The configs to deploy with: those of the diff that the client saw, else the latest. @throws DirectorError 190025 */
function readConfigContext({ director, query }: RequestContext): ConfigContext {
  const text = query.get("context");
  const latest = { cloud_config_ids: latestIds(director, "cloud"), runtime_config_ids: latestIds(director, "runtime") };
  const given = text === null ? latest : { ...latest, ...parseContext(text) };
  const known = new Set(director.slot.value.configs.map(({ id }) => id));
  if (![...given.cloud_config_ids, ...given.runtime_config_ids].every((id) => known.has(id)))
    throw new DirectorError(190025, "Context includes invalid config ID");
  return given;
}

/** @throws DirectorError 190025 */
function parseContext(text: string): Partial<ConfigContext> {
  const { cloud_config_ids: cloud, runtime_config_ids: runtime } = asFields(parseJson(text));
  return {
    ...(Array.isArray(cloud) && { cloud_config_ids: cloud.map(Number) }),
    ...(Array.isArray(runtime) && { runtime_config_ids: runtime.map(Number) }),
  };
}

/** @throws DirectorError 190025 */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
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

/** Queues a deploy; a new deployment is listed from then on. @throws DirectorError 40005, 190025 */
export function startDeploy(
  context: RequestContext,
  name: string,
  manifest: string | null,
  change: DeployArgs["change"],
): Task {
  const { director, caller, query } = context;
  if (query.has("recreate_vms_created_before") && query.get("recreate") !== "true" && change === null)
    throw new DirectorError(40005, "Must pass recreate=true when specifying recreate_vms_created_before");
  if (query.has("recreate_vms_created_before") && change !== null && change.state !== "recreate")
    throw new DirectorError(40005, "Must pass state=recreate when specifying recreate_vms_created_before");
  const before = recreateBefore(query);
  const configs = readConfigContext(context);
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
    isNew: !director.slot.value.deployments.has(name),
  };
  const task = startTask(director, {
    type: "update_deployment",
    description: `create deployment${dryRun ? " (dry run)" : ""}`,
    user: caller.user,
    deployment: name,
    contextId: contextIdOf(context),
    job: { kind: "deploy", args: { ...args } },
  });
  enlistDeployment(context, name, configs);
  return task;
}

/** A deployment is listed from the moment its first deploy is accepted. */
function enlistDeployment({ director, caller }: RequestContext, name: string, configs: ConfigContext): void {
  const state = director.slot.value;
  if (state.deployments.has(name)) return;
  state.deployments.set(name, {
    id: ++state.deploymentIds,
    name,
    canonical: canonicalName(name),
    teams: caller.scopes.includes("bosh.admin") ? [] : adminTeamsOf(caller),
    manifest: null,
    cloudConfigIds: configs.cloud_config_ids,
    runtimeConfigIds: configs.runtime_config_ids,
    releases: [],
    stemcells: [],
    instances: [],
    variableSets: [],
    hasRecords: false,
    errandRuns: {},
  });
  director.kernel.record("bosh", "deployment.create", name);
}
