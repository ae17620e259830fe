import { Refusal } from "../wire/refusal.ts";
import { decodeJson, type Fields } from "../wire/json/decode.ts";
import type { Meta, Service, ServiceAddress, Weights } from "../state/rows.ts";
import { addressBytes } from "../wire/codec/address.ts";
import { blankCheck, type CheckType, type LocalCheck } from "./local.ts";
import { NODE_CHECK, SERVICE } from "./shapes.ts";

/** A definition that is refused; the message is Consul's. */
export class DefinitionError extends Refusal {}

export interface ServiceDefinition {
  readonly service: Service;
  readonly checks: readonly LocalCheck[];
}

export const str = (fields: Fields, name: string): string => (fields[name] as string | undefined) ?? "";
const num = (fields: Fields, name: string): number => (fields[name] as number | undefined) ?? 0;
const STATUSES = ["passing", "warning", "critical"];
export const isStatus = (status: string): boolean => STATUSES.includes(status);

const META_PAIRS_MAX = 64;
const META_KEY_CHARACTERS_MAX = 128;
const META_VALUE_CHARACTERS_MAX = 512;
const WEIGHT_MAX = 65_535;

/** What is wrong with metadata, in Consul's words. */
function metaError(meta: Meta): string | undefined {
  const pairs = Object.entries(meta ?? {});
  if (pairs.length > META_PAIRS_MAX) return `Node metadata cannot contain more than ${META_PAIRS_MAX} key/value pairs`;
  for (const [key, value] of pairs) {
    const why = pairError(key, value);
    if (why !== undefined) return `Couldn't load metadata pair ('${key}', '${value}'): ${why}`;
  }
  return undefined;
}

function pairError(key: string, value: string): string | undefined {
  if (key === "") return "Key cannot be blank";
  if (!/^[a-zA-Z0-9_-]+$/.test(key)) return "Key contains invalid characters";
  if (key.length > META_KEY_CHARACTERS_MAX) return `Key is too long (limit: ${META_KEY_CHARACTERS_MAX} characters)`;
  if (key.startsWith("consul-")) return "Key prefix 'consul-' is reserved for internal use";
  return value.length > META_VALUE_CHARACTERS_MAX
    ? `Value is too long (limit: ${META_VALUE_CHARACTERS_MAX} characters)`
    : undefined;
}

export function weightsError({ passing, warning }: Weights): string | undefined {
  if (passing < 1) return "Passing must be greater than 0";
  if (warning < 0) return "Warning must be greater or equal than 0";
  return passing > WEIGHT_MAX || warning > WEIGHT_MAX ? "DNS Weight must be between 0 and 65535" : undefined;
}

export function weightsOf(fields: Fields | undefined): Weights {
  return fields === undefined
    ? { passing: 1, warning: 1 }
    : { passing: num(fields, "Passing"), warning: num(fields, "Warning") };
}

/** The address of every machine, which no service can have. */
export const isAnyAddress = (address: string): boolean => addressBytes(address)?.every((byte) => byte === 0) ?? false;

/** Builds a service and its checks from a decoded registration. @throws DefinitionError */
export function readService(node: string, fields: Fields): ServiceDefinition {
  const refuse = (why: string): never => {
    throw new DefinitionError(why);
  };
  const name = str(fields, "Name");
  if (name === "") refuse("Missing service name");
  const address = str(fields, "Address");
  if (isAnyAddress(address)) refuse("Invalid service address");
  const weights = weightsOf(fields.Weights as Fields | undefined);
  const wrongWeights = weightsError(weights);
  if (wrongWeights !== undefined) refuse(`Invalid Weights: ${wrongWeights}`);
  const meta = (fields.Meta as Meta | undefined) ?? null;
  const wrongMeta = metaError(meta);
  if (wrongMeta !== undefined) refuse(`Invalid Service Meta: ${wrongMeta}`);
  const service: Service = {
    node,
    id: str(fields, "ID") || name,
    name,
    address,
    port: num(fields, "Port"),
    tags: (fields.Tags as readonly string[] | undefined) ?? [],
    meta,
    weights,
    taggedAddresses: taggedOf(fields, address),
    enableTagOverride: (fields.EnableTagOverride ?? fields.enable_tag_override ?? false) as boolean,
    kind: str(fields, "Kind"),
    native: ((fields.Connect as Fields | undefined)?.Native as boolean | undefined) ?? false,
  };
  const wrongKind = kindErrors(service, fields);
  if (wrongKind.length > 0)
    refuse(
      `${wrongKind.length} error${wrongKind.length === 1 ? "" : "s"} occurred:\n${wrongKind.map((why) => `\t* ${why}\n`).join("")}\n`,
    );
  return { service, checks: serviceChecks(service, fields) };
}

function kindErrors({ kind, port }: Service, fields: Fields): readonly string[] {
  if (kind !== "connect-proxy") return [];
  const proxy = (fields.Proxy as Readonly<Record<string, unknown>> | undefined) ?? {};
  const destination = proxy.DestinationServiceName ?? proxy.destination_service_name ?? "";
  return [
    ...(destination === "" ? ["Proxy.DestinationServiceName must be non-empty for Connect proxy services"] : []),
    ...(port === 0 ? ["Port must be set for a Connect proxy"] : []),
  ];
}

type Tagged = Readonly<Record<string, ServiceAddress>>;

function taggedOf(fields: Fields, address: string): Tagged | null {
  const given = (fields.TaggedAddresses ?? fields.tagged_addresses) as Readonly<Record<string, Fields>> | undefined;
  const tagged: Record<string, ServiceAddress> = {};
  for (const [tag, value] of Object.entries(given ?? {}))
    tagged[tag] = { Address: str(value, "Address"), Port: num(value, "Port") };
  const bytes = addressBytes(address);
  if (bytes !== undefined) {
    const family = bytes.length === 4 ? "ipv4" : "ipv6";
    for (const tag of [`lan_${family}`, `wan_${family}`])
      tagged[tag] ??= { Address: address, Port: num(fields, "Port") };
  }
  const entries = Object.entries(tagged).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

function serviceChecks(service: Service, fields: Fields): readonly LocalCheck[] {
  const given = [fields.Check, ...((fields.Checks as readonly unknown[] | undefined) ?? [])] as (Fields | undefined)[];
  const checks = given.filter((check): check is Fields => check !== undefined && Object.keys(check).length > 0);
  for (const check of checks) {
    const wrong = checkError(check);
    if (wrong !== undefined) throw new DefinitionError(`Invalid check: ${wrong}`);
  }
  if (checks.some((check) => str(check, "Status") !== "" && !isStatus(str(check, "Status"))))
    throw new DefinitionError("Status for checks must 'passing', 'warning', 'critical'");
  return checks.map((check, at) => {
    const number = checks.length > 1 ? `:${at + 1}` : "";
    const id = str(check, "CheckID") || `service:${service.id}${number}`;
    const name = str(check, "Name") || `Service '${service.name}' check`;
    return localCheck(service.node, id, name, check, service, checkTypeOf(check));
  });
}

const isScript = (check: Fields): boolean =>
  [check.Args, check.ScriptArgs].some((args) => ((args as readonly string[] | undefined) ?? []).length > 0);
const isAlias = (check: Fields): boolean => str(check, "AliasNode") !== "" || str(check, "AliasService") !== "";

/** Script checks are off for callers of the API. */
export const runsScript = (fields: Fields): boolean =>
  isScript(fields) ||
  [fields.Check, ...((fields.Checks as readonly unknown[] | undefined) ?? [])].some(
    (check) => check !== undefined && isScript(check as Fields),
  );

export function checkError(check: Fields): string | undefined {
  const [interval, ttl] = [num(check, "Interval"), num(check, "TTL")];
  const isProbe = isScript(check) || ["HTTP", "TCP", "GRPC"].some((name) => str(check, name) !== "");
  if (interval > 0 && ttl > 0) return "Interval and TTL cannot both be specified";
  if (isProbe && interval <= 0) return "Interval must be > 0 for Script, HTTP, or TCP checks";
  if (isProbe && isAlias(check)) return "Interval cannot be set for Alias checks";
  if (isAlias(check) && ttl > 0) return "TTL must be not be set for Alias checks";
  return !isProbe && !isAlias(check) && ttl <= 0 ? "TTL must be > 0 for TTL checks" : undefined;
}

export function checkTypeOf(check: Fields): CheckType {
  if (isAlias(check)) return "alias";
  if (str(check, "DockerContainerID") !== "") return "docker";
  if (isScript(check)) return "script";
  if (str(check, "HTTP") !== "") return "http";
  if (str(check, "TCP") !== "") return "tcp";
  if (str(check, "GRPC") !== "") return "grpc";
  return num(check, "TTL") > 0 ? "ttl" : "";
}

/** A check of a node, or of a service when there is one. */
export function localCheck(
  node: string,
  id: string,
  name: string,
  fields: Fields,
  service: Service | undefined,
  type: CheckType,
): LocalCheck {
  const status = str(fields, "Status") || "critical";
  const row = { node, id, name, status, notes: str(fields, "Notes"), output: "", serviceId: service?.id ?? "", type };
  return {
    ...blankCheck(row),
    serviceName: service?.name ?? "",
    serviceTags: service?.tags ?? [],
    ttlMs: num(fields, "TTL") / 1e6,
    deregisterAfterMs: num(fields, "DeregisterCriticalServiceAfter") / 1e6,
    aliasNode: str(fields, "AliasNode"),
    aliasService: str(fields, "AliasService"),
  };
}

/** Keys of configuration files, which are those of the API with underscores. */
function dropUnderscores(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropUnderscores);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.replaceAll("_", ""), dropUnderscores(member)]),
  );
}

/** A service of the agent's configuration. @throws DefinitionError, JsonError */
export const configuredService = (node: string, fields: Readonly<Record<string, unknown>>): ServiceDefinition =>
  readService(node, decodeJson(JSON.stringify(dropUnderscores(fields)), SERVICE) as Fields);

/** A check of the agent's configuration; it has no type, as in the real one. */
export function configuredCheck(node: string, given: Readonly<Record<string, unknown>>): LocalCheck {
  const fields = decodeJson(JSON.stringify(dropUnderscores(given)), NODE_CHECK) as Fields;
  const wrong = checkError(fields);
  if (wrong !== undefined) throw new DefinitionError(`Invalid check: ${wrong}`);
  return localCheck(node, str(fields, "ID") || str(fields, "Name"), str(fields, "Name"), fields, undefined, "");
}
