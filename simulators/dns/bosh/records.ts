import { isObject, parseJson } from "../../kernel/index.ts";
import { fqdnOf } from "../wire/codec/names.ts";

/** An instance as the director's records describe it. `domain` ends in a dot. */
export interface InstanceRecord {
  readonly id: string;
  readonly numId: string;
  readonly group: string;
  readonly groupIds: readonly string[];
  readonly network: string;
  readonly networkId: string;
  readonly deployment: string;
  readonly ip: string;
  readonly domain: string;
  readonly az: string;
  readonly azId: string;
  readonly index: string;
  readonly agentId: string;
}

/** An alias as the director's records define it, by the director's own keys. */
export interface AliasDefinition {
  readonly group_id: string;
  readonly root_domain: string;
  readonly placeholder_type: string;
  readonly health_filter: string;
  readonly initial_health_check: string;
}

/** The contents of a records file. */
export interface RecordsFile {
  readonly instances: readonly InstanceRecord[];
  readonly aliases: ReadonlyMap<string, readonly AliasDefinition[]>;
  /** Addresses and the names of their instances. */
  readonly hosts: readonly { readonly ip: string; readonly fqdn: string }[];
}

/** Reads the director's `records.json`; undefined if it can't be read; then what was read before stays. */
export function readRecords(text: string): RecordsFile | undefined {
  const parsed = parseJson(text);
  if (!isObject(parsed)) return parsed === null ? { instances: [], aliases: new Map(), hosts: [] } : undefined;
  const keys = listOf(member(parsed, "record_keys"), isText);
  const infos = listOf(
    member(parsed, "record_infos"),
    (row): row is readonly unknown[] | null => row === null || Array.isArray(row),
  );
  const hosts = listOf(member(parsed, "records"), isHost);
  const aliases = readAliases(member(parsed, "aliases"));
  if (keys === undefined || infos === undefined || hosts === undefined || aliases === undefined) return undefined;
  return {
    instances: infos.flatMap((row) => readInstance(keys, row ?? []) ?? []),
    aliases,
    hosts: hosts.map((pair) => ({ ip: pair?.[0] ?? "", fqdn: pair?.[1] ?? "" })),
  };
}

/** A member whose name may be in any case, as Go reads it. */
const member = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.entries(object).find(([key]) => key.toLowerCase() === name)?.[1];

const isText = (value: unknown): value is string => typeof value === "string";
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);
const isHost = (value: unknown): value is readonly (string | null)[] | null =>
  value === null || (Array.isArray(value) && value.slice(0, 2).every(isTextOrNull));

/** A list in which each is of this kind; what is absent is empty. */
function listOf<T>(value: unknown, isKind: (each: unknown) => each is T): readonly T[] | undefined {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) && value.every(isKind) ? value : undefined;
}

function readAliases(value: unknown): RecordsFile["aliases"] | undefined {
  if (value === undefined || value === null) return new Map();
  if (!isObject(value)) return undefined;
  const aliases = new Map<string, readonly AliasDefinition[]>();
  for (const [name, given] of Object.entries(value)) {
    const definitions = listOf(given, isObject)?.map(readDefinition);
    if (definitions === undefined || definitions.includes(undefined)) return undefined;
    aliases.set(
      name,
      definitions.flatMap((each) => each ?? []),
    );
  }
  return aliases;
}

function readDefinition(given: Readonly<Record<string, unknown>>): AliasDefinition | undefined {
  const text = (name: string): string | undefined => {
    const value = member(given, name) ?? "";
    return isText(value) ? value : undefined;
  };
  const read = {
    group_id: text("group_id"),
    root_domain: text("root_domain"),
    placeholder_type: text("placeholder_type"),
    health_filter: text("health_filter"),
    initial_health_check: text("initial_health_check"),
  };
  const { group_id, root_domain, placeholder_type, health_filter, initial_health_check } = read;
  if (
    group_id === undefined ||
    root_domain === undefined ||
    placeholder_type === undefined ||
    health_filter === undefined ||
    initial_health_check === undefined
  )
    return undefined;
  return { group_id, root_domain, placeholder_type, health_filter, initial_health_check };
}

/** One row of the records; undefined, and skipped, if it is too short or has something of another kind. */
function readInstance(keys: readonly string[], row: readonly unknown[]): InstanceRecord | undefined {
  if (row.length !== keys.length) return undefined;
  const at = (key: string): unknown => (keys.includes(key) ? row[keys.lastIndexOf(key)] : undefined);
  const required = ["id", "instance_group", "network", "deployment", "ip", "domain"].map(at);
  const optional = ["az", "az_id", "network_id", "num_id", "agent_id"].map((key) => at(key) ?? "");
  const groupIds = keys.includes("group_ids") ? at("group_ids") : [];
  if (!required.every(isText) || !optional.every(isText)) return undefined;
  if (!Array.isArray(groupIds) || !groupIds.every(isText)) return undefined;
  const [id = "", group = "", network = "", deployment = "", ip = "", domain = ""] = required;
  const [az = "", azId = "", networkId = "", numId = "", agentId = ""] = optional;
  const index = at("instance_index");
  return {
    id,
    numId,
    group,
    groupIds,
    network,
    networkId,
    deployment,
    ip,
    domain: fqdnOf(domain),
    az,
    azId,
    index: keys.includes("instance_index") ? String(typeof index === "number" ? Math.trunc(index) : 0) : "",
    agentId,
  };
}
