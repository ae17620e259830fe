import { Refusal } from "../wire/refusal.ts";
import { byKey, isObject } from "../../kernel/index.ts";
import { decodeJson } from "../wire/json/decode.ts";
import type { Meta, Service, ServiceAddress, Weights } from "../state/rows.ts";
import { addressBytes } from "../wire/codec/address.ts";
import { blankCheck, type CheckType, type LocalCheck } from "./local-check.ts";
import { type CheckFields, NODE_CHECK, SERVICE, type ServiceFields } from "../wire/shapes.ts";

/** A definition that is refused; the message is Consul's. */
export class DefinitionError extends Refusal {}

/** A service of an agent with its checks. */
interface ServiceDefinition {
  readonly service: Service;
  readonly checks: readonly LocalCheck[];
}

const STATUSES = ["passing", "warning", "critical"];
/** Whether a definition may give a check this status. */
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

/** What is wrong with weights, in Consul's words. */
export function weightsError({ passing, warning }: Weights): string | undefined {
  if (passing < 1) return "Passing must be greater than 0";
  if (warning < 0) return "Warning must be greater or equal than 0";
  return passing > WEIGHT_MAX || warning > WEIGHT_MAX ? "DNS Weight must be between 0 and 65535" : undefined;
}

/** The weights that a registration gives; 1 and 1 by default. */
export function weightsOf(fields: ServiceFields["Weights"]): Weights {
  return fields === undefined
    ? { passing: 1, warning: 1 }
    : { passing: fields.Passing ?? 0, warning: fields.Warning ?? 0 };
}

/** The wildcard address, which no service can have. */
export const isAnyAddress = (address: string): boolean => addressBytes(address)?.every((byte) => byte === 0) ?? false;

/** A service and its checks out of a decoded registration. @throws DefinitionError */
export function readService(node: string, fields: ServiceFields): ServiceDefinition {
  const name = fields.Name ?? "";
  const service: Service = {
    node,
    id: fields.ID || name,
    name,
    address: fields.Address ?? "",
    port: fields.Port ?? 0,
    tags: fields.Tags ?? [],
    meta: fields.Meta ?? null,
    weights: weightsOf(fields.Weights),
    taggedAddresses: taggedAddressesOf(fields),
    enableTagOverride: fields.EnableTagOverride ?? fields.enable_tag_override ?? false,
    kind: fields.Kind ?? "",
    native: fields.Connect?.Native ?? false,
  };
  const wrong = serviceError(service, fields);
  if (wrong !== undefined) throw new DefinitionError(wrong);
  return { service, checks: serviceChecks(service, fields) };
}

/** What is wrong with a service, in Consul's words. */
function serviceError(service: Service, fields: ServiceFields): string | undefined {
  if (service.name === "") return "Missing service name";
  if (isAnyAddress(service.address)) return "Invalid service address";
  const wrongWeights = weightsError(service.weights);
  if (wrongWeights !== undefined) return `Invalid Weights: ${wrongWeights}`;
  const wrongMeta = metaError(service.meta);
  if (wrongMeta !== undefined) return `Invalid Service Meta: ${wrongMeta}`;
  const wrong = proxyErrors(service, fields);
  if (wrong.length === 0) return undefined;
  return `${wrong.length} error${wrong.length === 1 ? "" : "s"} occurred:\n${wrong.map((why) => `\t* ${why}\n`).join("")}\n`;
}

function proxyErrors({ kind, port }: Service, { Proxy: proxy }: ServiceFields): readonly string[] {
  if (kind !== "connect-proxy") return [];
  const given = isObject(proxy) ? proxy : {};
  const destination = given.DestinationServiceName ?? given.destination_service_name ?? "";
  return [
    ...(destination === "" ? ["Proxy.DestinationServiceName must be non-empty for Connect proxy services"] : []),
    ...(port === 0 ? ["Port must be set for a Connect proxy"] : []),
  ];
}

/** Addresses by tag, exactly as given. */
export const addressesByTag = (given: ServiceFields["TaggedAddresses"] = {}): Record<string, ServiceAddress> =>
  Object.fromEntries(
    Object.entries(given).map(([tag, { Address = "", Port = 0 }]) => [tag, { Address, Port }] as const),
  );

/** The addresses that a service gives by tag, and those that its own address implies. */
function taggedAddressesOf(fields: ServiceFields): Service["taggedAddresses"] {
  const { Address: address = "", Port: port = 0 } = fields;
  const tagged = addressesByTag(fields.TaggedAddresses ?? fields.tagged_addresses);
  const bytes = addressBytes(address);
  if (bytes !== undefined) {
    const family = bytes.length === 4 ? "ipv4" : "ipv6";
    for (const tag of [`lan_${family}`, `wan_${family}`]) tagged[tag] ??= { Address: address, Port: port };
  }
  const entries = Object.entries(tagged).sort(byKey);
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

type ServiceCheckFields = NonNullable<ServiceFields["Check"]>;

/** The checks of a service; empty ones count as none. */
const givenChecks = ({ Check = {}, Checks = [] }: ServiceFields): readonly ServiceCheckFields[] =>
  [Check, ...Checks].filter((check) => Object.keys(check).length > 0);

function serviceChecks(service: Service, fields: ServiceFields): readonly LocalCheck[] {
  const checks = givenChecks(fields);
  for (const check of checks) {
    const wrong = checkError(check);
    if (wrong !== undefined) throw new DefinitionError(`Invalid check: ${wrong}`);
  }
  if (checks.some(({ Status = "" }) => Status !== "" && !isStatus(Status)))
    throw new DefinitionError("Status for checks must 'passing', 'warning', 'critical'");
  return checks.map((check, at) => {
    const number = checks.length > 1 ? `:${at + 1}` : "";
    const id = check.CheckID || `service:${service.id}${number}`;
    const name = check.Name || `Service '${service.name}' check`;
    return localCheck(service.node, id, name, check, service, checkTypeOf(check));
  });
}

/** Whether a check runs a script, which callers of the API may not have. */
export const isScript = ({ Args = [], ScriptArgs = [] }: CheckFields): boolean =>
  Args.length > 0 || ScriptArgs.length > 0;
const isAlias = ({ AliasNode, AliasService }: CheckFields): boolean => Boolean(AliasNode) || Boolean(AliasService);

/** Whether a service has a check that runs a script. */
export const hasScript = (fields: ServiceFields): boolean => givenChecks(fields).some(isScript);

/** What is wrong with a check, in Consul's words. */
export function checkError(check: CheckFields): string | undefined {
  const { Interval: interval = 0, TTL: ttl = 0 } = check;
  const isProbe = isScript(check) || Boolean(check.HTTP || check.TCP || check.GRPC);
  if (interval > 0 && ttl > 0) return "Interval and TTL cannot both be specified";
  if (isProbe && interval <= 0) return "Interval must be > 0 for Script, HTTP, or TCP checks";
  if (isProbe && isAlias(check)) return "Interval cannot be set for Alias checks";
  if (isAlias(check) && ttl > 0) return "TTL must be not be set for Alias checks";
  return !isProbe && !isAlias(check) && ttl <= 0 ? "TTL must be > 0 for TTL checks" : undefined;
}

/** How a check gets its status. */
export function checkTypeOf(check: CheckFields): CheckType {
  if (isAlias(check)) return "alias";
  if (check.DockerContainerID) return "docker";
  if (isScript(check)) return "script";
  if (check.HTTP) return "http";
  if (check.TCP) return "tcp";
  if (check.GRPC) return "grpc";
  return (check.TTL ?? 0) > 0 ? "ttl" : "";
}

/** A check of a node, or of a service when there is one. */
export function localCheck(
  node: string,
  id: string,
  name: string,
  fields: CheckFields,
  service: Service | undefined,
  type: CheckType,
): LocalCheck {
  const status = fields.Status || "critical";
  const row = { node, id, name, status, notes: fields.Notes ?? "", output: "", serviceId: service?.id ?? "", type };
  return {
    ...blankCheck(row),
    serviceName: service?.name ?? "",
    serviceTags: service?.tags ?? [],
    ttlMs: (fields.TTL ?? 0) / 1e6,
    deregisterAfterMs: (fields.DeregisterCriticalServiceAfter ?? 0) / 1e6,
    aliasNode: fields.AliasNode ?? "",
    aliasService: fields.AliasService ?? "",
  };
}

/** Keys of configuration files: those of the API, with underscores. */
function dropUnderscores(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropUnderscores);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.replaceAll("_", ""), dropUnderscores(member)]),
  );
}

/** A service of the agent's configuration. @throws DefinitionError, JsonError */
export const configuredService = (node: string, given: Readonly<Record<string, unknown>>): ServiceDefinition =>
  readService(node, decodeJson(JSON.stringify(dropUnderscores(given)), SERVICE) ?? {});

/** A check of the agent's configuration; like the real one, it has no type. @throws DefinitionError, JsonError */
export function configuredCheck(node: string, given: Readonly<Record<string, unknown>>): LocalCheck {
  const fields = decodeJson(JSON.stringify(dropUnderscores(given)), NODE_CHECK) ?? {};
  const wrong = checkError(fields);
  if (wrong !== undefined) throw new DefinitionError(`Invalid check: ${wrong}`);
  const { Name: name = "" } = fields;
  return localCheck(node, fields.ID || name, name, fields, undefined, "");
}
