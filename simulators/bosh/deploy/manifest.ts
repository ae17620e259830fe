import { parseDocument } from "yaml";
import { DirectorError } from "../errors.ts";
import { type Fields, hashes, maybe, need } from "./fields.ts";

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
  readonly tags: Readonly<Record<string, string>>;
}

export interface Update {
  readonly canaries: Amount;
  readonly maxInFlight: Amount;
  readonly canaryWatch: WatchTime;
  readonly updateWatch: WatchTime;
  readonly serial: boolean;
}

/** A number, or a percentage of a group's size. */
export type Amount = number | `${number}%`;

export interface WatchTime {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface Group {
  readonly name: string;
  readonly instances: number;
  readonly azs: readonly string[];
  readonly jobs: readonly { readonly name: string; readonly release: string; readonly properties: Fields }[];
  readonly vmType: string;
  readonly vmExtensions: readonly string[];
  readonly stemcell: string;
  readonly diskMb: number;
  readonly diskType: string | undefined;
  readonly networks: readonly {
    readonly name: string;
    readonly staticIps: readonly string[];
    readonly isDefault: boolean;
  }[];
  readonly errand: boolean;
  readonly update: Update;
  readonly env: Fields;
}

/** The text of a manifest as a mapping. @throws DirectorError 440001, 40001 */
export function readManifest(text: string): Fields {
  if (text.trim() === "") throw new DirectorError(440001, "Manifest should not be empty");
  const document = parseDocument(text, { logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new DirectorError(
      440001,
      `Incorrect YAML structure of the uploaded manifest: #<Psych::SyntaxError: (<unknown>): ${error.message.split("\n")[0]}>`,
    );
  }
  const value: unknown = document.toJS();
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DirectorError(440001, "Manifest should be a hash");
  return value as Fields;
}

/** The name under which a manifest is deployed. @throws DirectorError 40001 */
export function nameOf(manifest: Fields): string {
  if (typeof manifest.name !== "string") throw new DirectorError(40001, "Deployment manifest must have a 'name' key");
  return manifest.name;
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
  if (typeof value === "string" && /^\d+%?$/.test(value))
    return value.endsWith("%") ? (value as Amount) : Number(value);
  throw new DirectorError(40000, "cannot be calculated");
}

function update(fields: Fields): Update {
  need(fields, "canary_watch_time", typeof fields.canary_watch_time === "number" ? "integer" : "string");
  return {
    canaries: amount({ canaries: 1, ...fields }, "canaries"),
    maxInFlight: amount({ max_in_flight: 1, ...fields }, "max_in_flight"),
    canaryWatch: watchTime(fields, "canary_watch_time"),
    updateWatch: watchTime(fields, "update_watch_time"),
    serial: maybe(fields, "serial", "boolean") ?? true,
  };
}

function group(fields: Fields, common: Fields): Group {
  const name = need(fields, "name", "string");
  const jobs = hashes(need(fields, "jobs", "array")).map((job) => ({
    name: need(job, "name", "string"),
    release: need(job, "release", "string"),
    properties: maybe(job, "properties", "hash") ?? {},
  }));
  const vmType = maybe(fields, "vm_type", "string");
  if (vmType === undefined && fields.vm_resources === undefined) {
    throw new DirectorError(140022, `Instance group '${name}' is missing either 'vm_type' or 'vm_resources' section.`);
  }
  if (vmType === undefined) throw new DirectorError(140022, "not simulated: vm_resources; give a vm_type");
  return {
    name,
    instances: need(fields, "instances", "integer"),
    azs: (maybe(fields, "azs", "array") ?? []).map(String),
    jobs,
    vmType,
    vmExtensions: (maybe(fields, "vm_extensions", "array") ?? []).map(String),
    stemcell: need(fields, "stemcell", "string"),
    diskMb: maybe(fields, "persistent_disk", "integer") ?? 0,
    diskType: maybe(fields, "persistent_disk_type", "string"),
    networks: networks(fields),
    errand: fields.lifecycle === "errand",
    update: update({ ...common, ...maybe(fields, "update", "hash") }),
    env: maybe(fields, "env", "hash") ?? {},
  };
}

function networks(fields: Fields): Group["networks"] {
  return hashes(need(fields, "networks", "array")).map((network) => ({
    name: need(network, "name", "string"),
    staticIps: (maybe(network, "static_ips", "array") ?? []).map(String),
    isDefault: (maybe(network, "default", "array") ?? []).length > 0,
  }));
}

/** @throws DirectorError with the director's own code and text for what is wrong first */
export function parseManifest(fields: Fields): Manifest {
  const releases = hashes(need(fields, "releases", "array")).map((release) => ({
    name: need(release, "name", "string"),
    version: version(release),
  }));
  const common = need(fields, "update", "hash");
  const stemcells = hashes(maybe(fields, "stemcells", "array") ?? []).map((stemcell) => {
    const os = maybe(stemcell, "os", "string");
    const name = maybe(stemcell, "name", "string");
    return {
      alias: need(stemcell, "alias", "string"),
      version: version(stemcell),
      ...(os === undefined ? {} : { os }),
      ...(name === undefined ? {} : { name }),
    };
  });
  return {
    name: nameOf(fields),
    releases,
    stemcells,
    update: update(common),
    groups: hashes(maybe(fields, "instance_groups", "array") ?? []).map((each) => group(each, common)),
    tags: (maybe(fields, "tags", "hash") ?? {}) as Readonly<Record<string, string>>,
  };
}

/** How many of `size` instances an amount means; at least one. */
export function amountOf(value: Amount, size: number): number {
  const count = typeof value === "number" ? value : Math.floor((Number(value.slice(0, -1)) * size) / 100);
  return Math.max(1, count);
}
