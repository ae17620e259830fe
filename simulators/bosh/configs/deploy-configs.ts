import { resolveReleaseVersion } from "../artifacts/find-release.ts";
import type { DeployArgs } from "../deploy/args.ts";
import type { Manifest } from "../deploy/manifest.ts";
import type { ParseContext } from "../deploy/parse-context.ts";
import { readTags } from "../deploy/read-instance-group.ts";
import { checkTopLevel, parseManifest } from "../deploy/read-manifest.ts";
import { checkAmount } from "../deploy/read-update.ts";
import { fillVariables, type IgnoredPath } from "../deploy/fill-variables.ts";
import { resolveStemcellVersion } from "../deploy/stemcells.ts";
import type { VariableSet } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { isTruthy, rubyInstance, toRubyText } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { type CloudConfig, flattenLists, mergeCloudConfigs, readCloudConfig } from "./cloud-config.ts";
import { asFields, type Fields, isHash, optionalField } from "./fields.ts";
import { contentsOf } from "./latest.ts";
import { applyRuntimeConfig, mergeRuntimeConfigs } from "./runtime-config.ts";

/** The configs with which a manifest is read, and the options of the caller. */
type DeployInput = Pick<DeployArgs, "cloudConfigIds" | "runtimeConfigIds" | "canaries" | "maxInFlight" | "change">;

const JOBS_IGNORED: readonly IgnoredPath[] = [
  ["addons", "*", "properties"],
  ["addons", "*", "jobs", "*", "properties"],
  ["addons", "*", "jobs", "*", "consumes", "*", "properties"],
];

/** The parts of a manifest that are interpolated only where they are used: properties and environments. */
const MANIFEST_IGNORED: readonly IgnoredPath[] = [
  ["properties"],
  ["instance_groups", "*", "properties"],
  ["instance_groups", "*", "jobs", "*", "properties"],
  ["instance_groups", "*", "jobs", "*", "consumes", "*", "properties"],
  ["instance_groups", "*", "env"],
  ...JOBS_IGNORED,
];

const RUNTIME_IGNORED = JOBS_IGNORED;

const CLOUD_IGNORED: readonly IgnoredPath[] = [
  ["azs", "*", "cloud_properties", "*"],
  ["networks", "*", "cloud_properties", "*"],
  ["networks", "*", "subnets", "*", "cloud_properties", "*"],
  ["vm_types", "*", "cloud_properties", "*"],
  ["vm_extensions", "*", "cloud_properties", "*"],
  ["disk_types", "*", "cloud_properties", "*"],
  ["compilation", "cloud_properties", "*"],
];

/**
 * A manifest with the additions of the runtime configs, and the cloud config with which it is deployed: read and refused in the order
 * of the director's planner_factory.rb.
 *
 * @throws DirectorError for the first rule that a part breaks
 */
export function readDeployConfigs(
  director: Director,
  deployment: string,
  given: Fields,
  input: DeployInput,
  set: VariableSet | undefined,
): { readonly manifest: Manifest; readonly config: CloudConfig } {
  const state = director.slot.value;
  const cloud = mergeCloudConfigs(contentsOf(director, input.cloudConfigIds));
  const rawRuntimes = contentsOf(director, input.runtimeConfigIds);
  mergeRuntimeConfigs(rawRuntimes);
  const scope = { deployment, set };
  const filled = fillVariables(director, scope, given, { ignored: MANIFEST_IGNORED });
  const filledCloud = flattenLists(
    fillVariables(director, scope, cloud, { ignored: CLOUD_IGNORED, mustBeAbsolute: true }),
  );
  const runtimes = rawRuntimes.map((each) => fillVariables(director, scope, each, { ignored: RUNTIME_IGNORED }));
  const runtime = mergeRuntimeConfigs(runtimes);
  checkTopLevel(filled);
  const fields = resolveVersions(state, filled, runtime);
  checkAmount(input.maxInFlight, "max_in_flight");
  checkAmount(input.canaries, "canaries");
  const tags = readTags({ ...asFields(runtime.tags), ...optionalField(fields, "tags", "hash") });
  const config = readCloudConfig(filledCloud);
  const { canaries, maxInFlight, change } = input;
  const teams = state.deployments.get(deployment)?.teams ?? [];
  const context = { state, deployment, teams, config, args: { canaries, maxInFlight, change } };
  const manifest = runtimes.reduce(
    (sum, each) => applyRuntimeConfig(sum, each, context),
    parseManifest(fields, context),
  );
  if (manifest.stemcells.length === 0) throw new DirectorError(190019, "'stemcells' needs to be specified");
  return { manifest: { ...manifest, tags }, config };
}

/**
 * A manifest whose `latest` versions are the newest ones there are (`resolve_aliases` in bosh-director's manifest.rb).
 *
 * @throws DirectorError 30005, 50003, or 100
 */
export function resolveVersions(state: ParseContext["state"], fields: Fields, runtime: Fields): Fields {
  for (const list of ["releases", "variables", "addons"])
    if (Object.hasOwn(runtime, list) && isTruthy(fields[list]) && !Array.isArray(fields[list]))
      throw new DirectorError(UNCLASSED, `undefined method 'to_set' for ${rubyInstance(fields[list])}`);
  const stemcells = mapHashes(fields.stemcells, (stemcell) => {
    const [name, os] = [textOf(stemcell.name), textOf(stemcell.os)];
    const version = resolveStemcellVersion(state, { name, os, version: toRubyText(stemcell.version) });
    const system =
      os ?? state.stemcells.find((each) => each.name === name && each.version === version)?.operatingSystem;
    return { ...stemcell, version, ...(system !== undefined && { os: system }) };
  });
  const resolveRelease = (release: Fields): Fields => ({
    ...release,
    version: resolveReleaseVersion(state, String(release.name ?? ""), toRubyText(release.version)),
  });
  const releases = mapHashes(fields.releases, resolveRelease);
  // The releases of runtime configs are looked up as well; `latest` is refused there later.
  mapHashes(runtime.releases, resolveRelease);
  return {
    ...fields,
    ...(stemcells !== undefined && { stemcells }),
    ...(releases !== undefined && { releases }),
  };
}

const textOf = (value: unknown): string | undefined => (isTruthy(value) ? String(value) : undefined);

/** The mappings of a list, changed; undefined if it is not a list. @throws DirectorError 100 in Ruby's words for what can't be one */
function mapHashes(list: unknown, change: (each: Fields) => Fields): readonly unknown[] | undefined {
  if (Array.isArray(list)) return list.map((each: unknown) => (isHash(each) ? change(each) : each));
  if (list === undefined || list === null || typeof list === "string" || isHash(list)) return undefined;
  throw new DirectorError(UNCLASSED, `undefined method 'to_a' for ${rubyInstance(list)}`);
}
