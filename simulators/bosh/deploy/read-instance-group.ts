import { anyField, type Fields, isHash, optionalField, requireField } from "../configs/fields.ts";
import { readVmResources } from "../configs/vm-resources.ts";
import { isTruthy, rubyInstance, toRubyText } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { canonicalName } from "./canonical.ts";
import { withTmpfs } from "./features.ts";
import { readDisks } from "./group-disks.ts";
import { readNetworks, readZones } from "./group-networks.ts";
import type { GroupNetwork, InstanceGroup, VmChoice } from "./manifest.ts";
import type { ParseContext, SharedParts } from "./parse-context.ts";
import { mergeDeep, readJobs } from "./read-jobs.ts";
import { readUpdate } from "./read-update.ts";
import { STATES } from "./run.ts";

/*
 * Reads one instance group of a manifest, in the director's order (instance_group_spec_parser.rb).
 */

/** The keys of one group. */
const INSTANCES_MAX = 10_000;

/** @throws DirectorError for the first rule that it breaks */
export function readGroup(spec: unknown, shared: SharedParts, context: ParseContext): InstanceGroup {
  const { config, args } = context;
  const fields = withChange(spec, args.change);
  const name = requireField(fields, "name", "string");
  const errand = readLifecycle(fields, name) === "errand";
  checkJobKeys(fields, name);
  const jobs = readJobs(fields, name, shared, context);
  const disks = readDisks(fields, name, config);
  const stemcell = requireField(fields, "stemcell", "string");
  if (!shared.stemcells.some(({ alias }) => alias === stemcell))
    throw new DirectorError(140005, `Instance group '${name}' references an unknown stemcell '${stemcell}'`);
  const vm = readVm(fields, name, context);
  const env = withTmpfs(optionalField(fields, "env", "hash") ?? {}, shared.tmpfs);
  const update = readUpdate(
    { ...optionalField(fields, "update", "hash"), ...overridesOf(context.args) },
    shared.update,
  );
  const networks = readNetworks(fields, name, config);
  const azs = readZones(fields, name, config, networks);
  const migratedFrom = readMigratedFrom(fields, name, azs);
  const states = readStates(fields, name);
  const instances = readInstanceCount(fields, name, networks);
  const tags = readTags(optionalField(fields, "tags", "hash"));
  canonicalName(name);
  return {
    name,
    instances,
    azs,
    jobs,
    ...vm,
    stemcell,
    ...disks,
    networks,
    errand,
    update,
    env,
    migratedFrom,
    ...states,
    tags,
  };
}

/** A group with the state that a change of state wants. @throws DirectorError 100 in Ruby's words */
function withChange(spec: unknown, change: ParseContext["args"]["change"]): Fields {
  if (spec === null) throw new DirectorError(UNCLASSED, "undefined method '[]' for nil");
  if (Array.isArray(spec)) throw new DirectorError(UNCLASSED, "no implicit conversion of String into Integer");
  if (!isHash(spec)) throw new DirectorError(UNCLASSED, `undefined method 'recursive_merge' for ${rubyInstance(spec)}`);
  if (change === null || (change.group !== "*" && change.group !== spec.name)) return spec;
  return mergeDeep(
    spec,
    change.id === null ? { state: change.state } : { instance_states: { [change.id]: change.state } },
  );
}

/** The amounts that the caller of a deploy sets in place of the manifest's. */
export const overridesOf = ({ canaries, maxInFlight }: ParseContext["args"]): Fields => ({
  ...(canaries !== null && { canaries }),
  ...(maxInFlight !== null && { max_in_flight: maxInFlight }),
});

const LIFECYCLES = ["service", "errand"];

/** @throws DirectorError 140011 */
function readLifecycle(fields: Fields, name: string): string {
  const lifecycle = optionalField(fields, "lifecycle", "string") ?? "service";
  if (LIFECYCLES.includes(lifecycle)) return lifecycle;
  throw new DirectorError(
    140011,
    `Invalid lifecycle '${lifecycle}' for '${name}', valid lifecycle profiles are: ${LIFECYCLES.join(", ")}`,
  );
}

/** @throws DirectorError 40001, 140024 */
function checkJobKeys(fields: Fields, name: string): void {
  if (isTruthy(fields.template) || isTruthy(fields.templates))
    throw new DirectorError(
      140024,
      `Instance group '${name}' specifies template or templates. This is no longer supported, please use jobs instead`,
    );
  if ((fields.jobs ?? null) === null)
    throw new DirectorError(40001, `Instance group '${name}' does not specify jobs key`);
}

/** @throws DirectorError 140004, 140022, 140025; 100 for an unknown extension */
function readVm(fields: Fields, name: string, { config }: ParseContext): VmChoice {
  if (optionalField(fields, "resource_pool", "string") !== undefined)
    throw new DirectorError(
      140025,
      "Instance groups no longer support resource_pool, please use 'vm_type' or 'vm_resources' keys",
    );
  const vmType = optionalField(fields, "vm_type", "string");
  const resources = optionalField(fields, "vm_resources", "hash");
  if (vmType === undefined && resources === undefined)
    throw new DirectorError(140022, `Instance group '${name}' is missing either 'vm_type' or 'vm_resources' section.`);
  if (vmType !== undefined && resources !== undefined)
    throw new DirectorError(140022, `Instance group '${name}' can only specify 'vm_type' or 'vm_resources' keys.`);
  if (vmType !== undefined && !config.vmTypes.has(vmType))
    throw new DirectorError(140004, `Instance group '${name}' references an unknown vm type '${vmType}'`);
  const vmResources = resources === undefined ? undefined : readVmResources(resources);
  const vmExtensions = (optionalField(fields, "vm_extensions", "array") ?? []).map(toRubyText);
  for (const each of vmExtensions)
    if (!config.vmExtensions.has(each))
      throw new DirectorError(UNCLASSED, `The vm_extension '${each}' has not been configured in cloud-config.`);
  return { vmType, vmResources, vmExtensions };
}

/** @throws DirectorError 190018 */
function readMigratedFrom(fields: Fields, group: string, azs: readonly string[]): InstanceGroup["migratedFrom"] {
  return (optionalField(fields, "migrated_from", "array") ?? []).map((spec) => {
    const name = requireField(spec, "name", "string");
    const az = anyField(spec, "az") === undefined ? undefined : optionalField(spec, "az", "string");
    if (az !== undefined && !azs.includes(az))
      throw new DirectorError(
        190018,
        `Instance group '${name}' specified for migration to instance group '${group}' refers to availability zone '${az}'. Az '${az}' is not in the list of availability zones of instance group '${group}'.`,
      );
    return { name, az };
  });
}

const VALID_STATES = "valid states are: started, stopped, detached, recreate, restart";

/** @throws DirectorError 140007, 140008 */
function readStates(fields: Fields, name: string): Pick<InstanceGroup, "state" | "instanceStates"> {
  const state = optionalField(fields, "state", "string");
  if (state !== undefined && !Object.hasOwn(STATES, state))
    throw new DirectorError(140008, `Invalid state '${state}' for '${name}', ${VALID_STATES}`);
  const given = optionalField(fields, "instance_states", "hash") ?? {};
  const instanceStates: Record<string, string> = {};
  for (const [id, each] of Object.entries(given)) {
    if (typeof each !== "string" || !Object.hasOwn(STATES, each))
      throw new DirectorError(140007, `Invalid state '${toRubyText(each)}' for '${name}/${id}', ${VALID_STATES}`);
    instanceStates[id] = each;
  }
  return { state, instanceStates };
}

/** @throws DirectorError 40001, 40003, 150002 */
function readInstanceCount(fields: Fields, group: string, networks: readonly GroupNetwork[]): number {
  const count = requireField(fields, "instances", "integer");
  if (count > INSTANCES_MAX)
    throw new DirectorError(40003, `'instances' value (${count}) should be less than ${INSTANCES_MAX}`);
  for (const { name, staticIps } of networks)
    if (staticIps !== undefined && staticIps.length !== count)
      throw new DirectorError(
        150002,
        `Instance group '${group}' has ${count} instances but was allocated ${staticIps.length} static IPs in network '${name}'`,
      );
  return Math.max(0, count);
}

/** Tags as texts. */
export const readTags = (tags: Fields | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(tags ?? {}).map(([name, value]) => [name, String(value ?? "")]));
