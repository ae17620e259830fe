import { isHash } from "../configs/fields.ts";
import { adminTeamsOf } from "../auth/scopes.ts";
import { latestConfigs } from "../configs/latest.ts";
import type { DeployArgs } from "../deploy/args.ts";
import { canonicalName } from "../deploy/canonical.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { startTask } from "../tasks/queue.ts";
import { type RequestContext, contextIdOf } from "../wire/context.ts";
import { isTruthy, toRubyText } from "../templates/ruby.ts";
import { Unforeseen } from "../wire/bodies.ts";
import { DirectorError } from "../wire/errors.ts";
import { readRowId } from "../wire/integers.ts";

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
  const given =
    text === null
      ? { cloud_config_ids: latestIds(director, "cloud"), runtime_config_ids: latestIds(director, "runtime") }
      : parseContext(text);
  const known = new Set(director.slot.value.configs.map(({ id }) => id));
  if (![...given.cloud_config_ids, ...given.runtime_config_ids].every((id) => known.has(id)))
    throw new DirectorError(190025, "Context includes invalid config ID");
  return given;
}

/** A list that is missing is empty. @throws Unforeseen */
function parseContext(text: string): ConfigContext {
  const context = parseJson(text);
  if (!isHash(context)) throw new Unforeseen();
  const idsOf = (value: unknown): readonly number[] => {
    if (!isTruthy(value)) return [];
    if (!Array.isArray(value)) throw new Unforeseen();
    return value.map((each: unknown) => Number(readRowId(toRubyText(each))));
  };
  return { cloud_config_ids: idsOf(context.cloud_config_ids), runtime_config_ids: idsOf(context.runtime_config_ids) };
}

/** @throws Unforeseen for malformed JSON */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unforeseen();
  }
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** A change of a single instance has no limits. @throws DirectorError 40005 */
function recreateBefore(query: URLSearchParams, change: DeployArgs["change"]): string | null {
  const text = query.get("recreate_vms_created_before");
  if (text === null || (change !== null && change.id !== null)) return null;
  if (change === null && query.get("recreate") !== "true")
    throw new DirectorError(40005, "Must pass recreate=true when specifying recreate_vms_created_before");
  if (change !== null && change.state !== "recreate")
    throw new DirectorError(40005, "Must pass state=recreate when specifying recreate_vms_created_before");
  if (!RFC_3339.test(text))
    throw new DirectorError(40005, `Invalid RFC 3339 timestamp for recreate_vms_created_before: ${text}`);
  return text;
}

/** A change of state can skip the drain scripts only of its own group. */
const drainSkippedBy = (query: URLSearchParams, { group }: NonNullable<DeployArgs["change"]>): string | null =>
  query.get("skip_drain") === "true" ? group : null;

/** Queues a deploy, and lists a new deployment. @throws DirectorError 40005, 190025 */
export function startDeploy(
  context: RequestContext,
  name: string,
  manifest: string | null,
  change: DeployArgs["change"],
): Task {
  const { director, caller, query } = context;
  const before = recreateBefore(query, change);
  const configs = readConfigContext(context);
  const dryRun = query.get("dry_run") === "true";
  const isOfOne = change !== null && change.id !== null;
  const args: DeployArgs = {
    deployment: name,
    manifest,
    cloudConfigIds: configs.cloud_config_ids,
    runtimeConfigIds: configs.runtime_config_ids,
    recreate: change === null && query.get("recreate") === "true",
    recreateDisks: change === null && query.get("recreate_persistent_disks") === "true",
    recreateBefore: before,
    recreateBeforeMs: before === null ? null : Date.parse(before),
    fix: query.get("fix") === "true",
    skipDrain:
      change === null || query.get("skip_drain") === null ? query.get("skip_drain") : drainSkippedBy(query, change),
    canaries: isOfOne ? null : query.get("canaries"),
    maxInFlight: isOfOne ? null : query.get("max_in_flight"),
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
