import { readYaml, YamlError } from "../templates/yaml.ts";
import { DirectorError } from "../wire/errors.ts";
import { type Fields, hashes, maybe, need } from "../configs/fields.ts";
import { syntaxError } from "../templates/psych.ts";

/** What a manifest asks for (bosh.io/docs/manifest-v2), parsed; names are not yet resolved. */
export interface Manifest {
  readonly name: string;
  readonly releases: readonly { readonly name: string; readonly version: string }[];
  readonly stemcells: readonly {
    readonly alias: string;
    readonly os?: string;
    readonly name?: string;
    readonly version: string;
  }[];
  readonly update: Update;
  readonly groups: readonly Group[];
  readonly addons: readonly Addon[];
  readonly variables: readonly VariableWish[];
  readonly features: Fields;
  readonly tags: Readonly<Record<string, string>>;
}

/** Jobs that are put on every instance that the rules of an addon include. */
export interface Addon {
  readonly name: string;
  readonly jobs: readonly JobWish[];
  readonly include: Fields | undefined;
  readonly exclude: Fields | undefined;
}

export interface VariableWish {
  readonly name: string;
  readonly type: string;
  readonly options: Fields;
  readonly isConverging: boolean;
}

export interface JobWish {
  readonly name: string;
  readonly release: string;
  readonly properties: Fields;
  /** By the name in the job: an alias, another deployment, `nil` to consume nothing. */
  readonly consumes: Fields;
  readonly provides: Fields;
}

export interface Update {
  readonly canaries: Amount;
  readonly maxInFlight: Amount;
  readonly canaryWatch: WatchTime;
  readonly updateWatch: WatchTime;
  readonly serial: boolean;
}

/** A number, or text that should be one or a percentage of a group's size. */
export type Amount = number | string;

export interface WatchTime {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface Group {
  readonly name: string;
  readonly instances: number;
  readonly azs: readonly string[];
  readonly jobs: readonly JobWish[];
  readonly vmType: string | undefined;
  readonly vmResources: Fields | undefined;
  readonly vmExtensions: readonly string[];
  readonly stemcell: string;
  readonly diskMb: number;
  readonly diskType: string | undefined;
  readonly networks: readonly {
    readonly name: string;
    readonly staticIps: readonly string[];
    readonly defaults: readonly string[];
  }[];
  readonly errand: boolean;
  readonly update: Update;
  readonly env: Fields;
  readonly migratedFrom: readonly string[];
}

/** The text of a manifest as a mapping. @throws DirectorError 440001, 40001 */
export function readManifest(text: string): Fields {
  if (text.trim() === "") throw new DirectorError(440001, "Manifest should not be empty");
  const value = documentOf(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DirectorError(440001, "Manifest should be a hash");
  return value as Fields;
}

function documentOf(text: string): unknown {
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new DirectorError(
      440001,
      `Incorrect YAML structure of the uploaded manifest: #<Psych::SyntaxError: ${syntaxError(text, error.message)}>`,
    );
  }
}

/** The name under which a manifest is deployed. @throws DirectorError 40001 */
export function nameOf(manifest: Fields): string {
  if (typeof manifest.name !== "string") throw new DirectorError(40001, "Deployment manifest must have a 'name' key");
  return manifest.name;
}

/** Of one group. */
const INSTANCES_MAX = 10_000;

/** @throws DirectorError 40001, 40003 */
function instancesOf(fields: Fields): number {
  const count = need(fields, "instances", "integer");
  if (count > INSTANCES_MAX)
    throw new DirectorError(40003, `'instances' value (${count}) should be less than ${INSTANCES_MAX}`);
  return count;
}

const version = (fields: Fields): string => String(fields.version ?? "");

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

function update(fields: Fields): Update {
  return {
    canaries: amount({ canaries: 1, ...fields }, "canaries"),
    maxInFlight: amount({ max_in_flight: 1, ...fields }, "max_in_flight"),
    canaryWatch: watchTime(fields, "canary_watch_time"),
    updateWatch: watchTime(fields, "update_watch_time"),
    serial: maybe(fields, "serial", "boolean") ?? true,
  };
}

function jobs(fields: Fields): readonly JobWish[] {
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

const FEATURES = [
  "use_dns_addresses",
  "use_short_dns_addresses",
  "use_link_dns_names",
  "randomize_az_placement",
  "converge_variables",
];

function features(fields: Fields): Fields {
  const given = maybe(fields, "features", "hash") ?? {};
  for (const name of FEATURES) {
    const value = given[name];
    if (value !== undefined && typeof value !== "boolean") {
      const type = typeof value === "string" ? "String" : Number.isInteger(value) ? "Integer" : "Hash";
      throw new DirectorError(560001, `Key '${name}' in 'features' expected to be a boolean, but received '${type}'`);
    }
  }
  return given;
}

function variables(fields: Fields): readonly VariableWish[] {
  const wishes = hashes(maybe(fields, "variables", "array") ?? []).map((each) => ({
    name: need(each, "name", "string"),
    type: need(each, "type", "string"),
    options: maybe(each, "options", "hash") ?? {},
    isConverging: each.update_mode === "converge",
  }));
  const twice = wishes.find(({ name }, at) => wishes.findIndex((each) => each.name === name) !== at);
  if (twice !== undefined)
    throw new DirectorError(560000, `Some of the variables have duplicate names, eg: '${twice.name}'`);
  return wishes;
}

/** Addons of a manifest or a runtime config; one without jobs adds nothing. */
export const addonsOf = (fields: Fields): readonly Addon[] =>
  hashes(maybe(fields, "addons", "array") ?? []).map((each) => ({
    name: need(each, "name", "string"),
    jobs: each.jobs === undefined ? [] : jobs(each),
    include: maybe(each, "include", "hash"),
    exclude: maybe(each, "exclude", "hash"),
  }));

function releases(fields: Fields): Manifest["releases"] {
  return hashes(need(fields, "releases", "array")).map((release) => ({
    name: need(release, "name", "string"),
    version: version(release),
  }));
}

function stemcells(fields: Fields): Manifest["stemcells"] {
  return hashes(maybe(fields, "stemcells", "array") ?? []).map((stemcell) => {
    const os = maybe(stemcell, "os", "string");
    const name = maybe(stemcell, "name", "string");
    return {
      alias: need(stemcell, "alias", "string"),
      version: version(stemcell),
      ...(os === undefined ? {} : { os }),
      ...(name === undefined ? {} : { name }),
    };
  });
}

function groups(fields: Fields, common: Fields): readonly Group[] {
  if ("instance_groups" in fields && fields.instance_groups === null)
    throw new DirectorError(40000, "Property 'instance_groups' value (nil) did not match the required type 'Array'");
  const parsed = hashes(maybe(fields, "instance_groups", "array") ?? []).map((each) => group(each, common));
  const twice = parsed.find(({ name }, at) => parsed.findIndex((each) => each.name === name) !== at);
  if (twice !== undefined)
    throw new DirectorError(190006, `Invalid instance group name '${twice.name}', canonical name already taken`);
  return parsed;
}

/** @throws DirectorError with the director's own code and text for what is wrong first */
export function parseManifest(fields: Fields): Manifest {
  const wanted = releases(fields);
  const common = need(fields, "update", "hash");
  return {
    name: nameOf(fields),
    releases: wanted,
    stemcells: stemcells(fields),
    update: update(common),
    groups: groups(fields, common),
    addons: addonsOf(fields),
    variables: variables(fields),
    features: features(fields),
    tags: (maybe(fields, "tags", "hash") ?? {}) as Readonly<Record<string, string>>,
  };
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
