import { type Fields, requireHashes, optionalField, requireField } from "../configs/fields.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Amount, InstanceGroup, JobSpec, UpdateSettings, WatchTime } from "./manifest.ts";

/** Of one group. */
const INSTANCES_MAX = 10_000;

/** @throws DirectorError 40001, 40003 */
function readInstanceCount(fields: Fields): number {
  const count = requireField(fields, "instances", "integer");
  if (count > INSTANCES_MAX)
    throw new DirectorError(40003, `'instances' value (${count}) should be less than ${INSTANCES_MAX}`);
  return count;
}

function readWatchTime(fields: Fields, name: string): WatchTime {
  const text = String(fields[name] ?? "");
  const range = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(text);
  const minMs = Number(range?.[1] ?? text);
  const maxMs = Number(range?.[2] ?? text);
  if (!Number.isInteger(minMs) || !Number.isInteger(maxMs))
    throw new DirectorError(180002, "Watch time should be an integer or a range of two integers");
  if (minMs > maxMs) throw new DirectorError(180001, "Min watch time cannot be greater than max watch time");
  return { minMs, maxMs };
}

function readAmount(fields: Fields, name: string): Amount {
  const value = fields[name];
  return typeof value === "number" && Number.isInteger(value) ? value : String(value);
}

/** The update settings of a manifest or group. @throws DirectorError 180001, 180002, 40000 */
export function readUpdate(fields: Fields): UpdateSettings {
  return {
    canaries: readAmount({ canaries: 1, ...fields }, "canaries"),
    maxInFlight: readAmount({ max_in_flight: 1, ...fields }, "max_in_flight"),
    canaryWatch: readWatchTime(fields, "canary_watch_time"),
    updateWatch: readWatchTime(fields, "update_watch_time"),
    serial: optionalField(fields, "serial", "boolean") ?? true,
  };
}

/** The jobs of a group or addon. @throws DirectorError 40000, 40001 */
export function readJobs(fields: Fields): readonly JobSpec[] {
  return requireHashes(requireField(fields, "jobs", "array")).map((job) => ({
    name: requireField(job, "name", "string"),
    release: requireField(job, "release", "string"),
    properties: optionalField(job, "properties", "hash") ?? {},
    consumes: optionalField(job, "consumes", "hash") ?? {},
    provides: optionalField(job, "provides", "hash") ?? {},
  }));
}

function readGroup(fields: Fields, common: Fields): InstanceGroup {
  const name = requireField(fields, "name", "string");
  return {
    name,
    instances: readInstanceCount(fields),
    azs: (optionalField(fields, "azs", "array") ?? []).map(String),
    jobs: readJobs(fields),
    vmType: optionalField(fields, "vm_type", "string"),
    vmResources: optionalField(fields, "vm_resources", "hash"),
    vmExtensions: (optionalField(fields, "vm_extensions", "array") ?? []).map(String),
    stemcell: requireField(fields, "stemcell", "string"),
    diskMb: optionalField(fields, "persistent_disk", "integer") ?? 0,
    diskType: optionalField(fields, "persistent_disk_type", "string"),
    networks: readNetworks(fields),
    errand: fields.lifecycle === "errand",
    update: readUpdate({ ...common, ...optionalField(fields, "update", "hash") }),
    env: optionalField(fields, "env", "hash") ?? {},
    migratedFrom: requireHashes(optionalField(fields, "migrated_from", "array") ?? []).map((each) =>
      requireField(each, "name", "string"),
    ),
  };
}

function readNetworks(fields: Fields): InstanceGroup["networks"] {
  return requireHashes(requireField(fields, "networks", "array")).map((network) => ({
    name: requireField(network, "name", "string"),
    staticIps: (optionalField(network, "static_ips", "array") ?? []).map(String),
    defaults: (optionalField(network, "default", "array") ?? []).map(String),
  }));
}

/** How many of `size` instances an amount means; at least one. @throws Error for a malformed amount: only here, as in the director */
export function resolveAmount(value: Amount, size: number): number {
  if (typeof value === "string" && !/^\d+%?$/.test(value)) throw new Error("cannot be calculated");
  const count =
    typeof value === "number"
      ? value
      : value.endsWith("%")
        ? Math.floor((Number(value.slice(0, -1)) * size) / 100)
        : Number(value);
  return Math.max(1, count);
}

/** The instance groups of a manifest, with the settings that they share. @throws DirectorError 40000, 40001, 40003, 190006 */
export function readGroups(fields: Fields, common: Fields): readonly InstanceGroup[] {
  if ("instance_groups" in fields && fields.instance_groups === null)
    throw new DirectorError(40000, "Property 'instance_groups' value (nil) did not match the required type 'Array'");
  const parsed = requireHashes(optionalField(fields, "instance_groups", "array") ?? []).map((each) =>
    readGroup(each, common),
  );
  const twice = parsed.find(({ name }, at) => parsed.findIndex((each) => each.name === name) !== at);
  if (twice !== undefined)
    throw new DirectorError(190006, `Invalid instance group name '${twice.name}', canonical name already taken`);
  return parsed;
}
