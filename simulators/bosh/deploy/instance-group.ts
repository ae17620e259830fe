import { type Fields, hashes, maybe, need } from "../configs/fields.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Amount, Group, JobWish, Update, WatchTime } from "./manifest-types.ts";

/** Of one group. */
const INSTANCES_MAX = 10_000;

/** @throws DirectorError 40001, 40003 */
function instancesOf(fields: Fields): number {
  const count = need(fields, "instances", "integer");
  if (count > INSTANCES_MAX)
    throw new DirectorError(40003, `'instances' value (${count}) should be less than ${INSTANCES_MAX}`);
  return count;
}

function watchTime(fields: Fields, name: string): WatchTime {
  const text = String(fields[name] ?? "");
  const range = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(text);
  const minMs = Number(range?.[1] ?? text);
  const maxMs = Number(range?.[2] ?? text);
  if (!Number.isInteger(minMs) || !Number.isInteger(maxMs))
    throw new DirectorError(180002, "Watch time should be an integer or a range of two integers");
  if (minMs > maxMs) throw new DirectorError(180001, "Min watch time cannot be greater than max watch time");
  return { minMs, maxMs };
}

function amount(fields: Fields, name: string): Amount {
  const value = fields[name];
  if (Number.isInteger(value)) return value as number;
  return String(value);
}

export function update(fields: Fields): Update {
  return {
    canaries: amount({ canaries: 1, ...fields }, "canaries"),
    maxInFlight: amount({ max_in_flight: 1, ...fields }, "max_in_flight"),
    canaryWatch: watchTime(fields, "canary_watch_time"),
    updateWatch: watchTime(fields, "update_watch_time"),
    serial: maybe(fields, "serial", "boolean") ?? true,
  };
}

export function jobs(fields: Fields): readonly JobWish[] {
  return hashes(need(fields, "jobs", "array")).map((job) => ({
    name: need(job, "name", "string"),
    release: need(job, "release", "string"),
    properties: maybe(job, "properties", "hash") ?? {},
    consumes: maybe(job, "consumes", "hash") ?? {},
    provides: maybe(job, "provides", "hash") ?? {},
  }));
}

function group(fields: Fields, common: Fields): Group {
  const name = need(fields, "name", "string");
  return {
    name,
    instances: instancesOf(fields),
    azs: (maybe(fields, "azs", "array") ?? []).map(String),
    jobs: jobs(fields),
    vmType: maybe(fields, "vm_type", "string"),
    vmResources: maybe(fields, "vm_resources", "hash"),
    vmExtensions: (maybe(fields, "vm_extensions", "array") ?? []).map(String),
    stemcell: need(fields, "stemcell", "string"),
    diskMb: maybe(fields, "persistent_disk", "integer") ?? 0,
    diskType: maybe(fields, "persistent_disk_type", "string"),
    networks: networks(fields),
    errand: fields.lifecycle === "errand",
    update: update({ ...common, ...maybe(fields, "update", "hash") }),
    env: maybe(fields, "env", "hash") ?? {},
    migratedFrom: hashes(maybe(fields, "migrated_from", "array") ?? []).map((each) => need(each, "name", "string")),
  };
}

function networks(fields: Fields): Group["networks"] {
  return hashes(need(fields, "networks", "array")).map((network) => ({
    name: need(network, "name", "string"),
    staticIps: (maybe(network, "static_ips", "array") ?? []).map(String),
    defaults: (maybe(network, "default", "array") ?? []).map(String),
  }));
}

/** How many of `size` instances an amount means; at least one. @throws Error, as the director does only when it needs it */
export function amountOf(value: Amount, size: number): number {
  if (typeof value === "string" && !/^\d+%?$/.test(value)) throw new Error("cannot be calculated");
  const count =
    typeof value === "number"
      ? value
      : value.endsWith("%")
        ? Math.floor((Number(value.slice(0, -1)) * size) / 100)
        : Number(value);
  return Math.max(1, count);
}

export function groups(fields: Fields, common: Fields): readonly Group[] {
  if ("instance_groups" in fields && fields.instance_groups === null)
    throw new DirectorError(40000, "Property 'instance_groups' value (nil) did not match the required type 'Array'");
  const parsed = hashes(maybe(fields, "instance_groups", "array") ?? []).map((each) => group(each, common));
  const twice = parsed.find(({ name }, at) => parsed.findIndex((each) => each.name === name) !== at);
  if (twice !== undefined)
    throw new DirectorError(190006, `Invalid instance group name '${twice.name}', canonical name already taken`);
  return parsed;
}
