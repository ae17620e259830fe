import { isIP } from "node:net";
import { isObject } from "../../kernel/index.ts";
import { durationText } from "../wire/duration.ts";
import { FAILED, parseFilter } from "../wire/filter/parse.ts";
import { Refusal } from "../wire/refusal.ts";
import { severalErrors, type Fields } from "./decode.ts";
import { listIn } from "./store.ts";
import { validateIntentions } from "./validate-intentions.ts";

/** An entry that may not be kept; the message is Consul's. */
export class EntryError extends Refusal {}

/** @throws EntryError */
export const refuseEntry = (message: string): never => {
  throw new EntryError(message);
};

/** A text of an entry; empty for none. */
export const textIn = (fields: Fields, name: string): string => {
  const value = fields[name];
  return typeof value === "string" ? value : "";
};

/** A struct of an entry; undefined where it is not given. */
export const structIn = (fields: Fields, name: string): Fields | undefined => {
  const value = fields[name];
  return isObject(value) ? value : undefined;
};

/** The texts in a list of an entry. */
export const textsIn = (fields: Fields, name: string): readonly string[] => {
  const value = fields[name];
  return Array.isArray(value) ? value.map(String) : [];
};

const quote = (text: string): string => JSON.stringify(text);

/** Checks an entry as one that a user wrote, and fills in what follows from the rest. @throws EntryError */
export function normaliseEntry(fields: Fields): Fields {
  const kind = textIn(fields, "Kind");
  switch (kind) {
    case "service-defaults":
      return validateServiceDefaults({ ...fields, ...lowerCase(fields, "Protocol") });
    case "proxy-defaults":
      return validateProxyDefaults(fields);
    case "service-router":
      return validateRouter(fields);
    case "service-splitter":
      return validateSplitter(fields);
    case "service-resolver":
      return validateResolver(fields);
    case "ingress-gateway":
      return validateIngress(fields);
    case "terminating-gateway":
      return validateTerminating(fields);
    case "service-intentions":
      return validateIntentions(fields, false);
    case "mesh":
      checkMeta(fields);
      checkMeshTls(fields);
      return { ...fields, Name: "mesh" };
    case "exported-services":
      return validateExported(fields);
    case "sameness-group":
      return refuseEntry("sameness-groups are an enterprise-only feature");
    case "jwt-provider":
      if (structIn(fields, "JSONWebKeySet") === undefined) refuseEntry("JSONWebKeySet is required");
      return fields;
    case "api-gateway":
      if (listIn(fields, "Listeners").length === 0) refuseEntry("api gateway must have at least one listener");
      return fields;
    default:
      return fields;
  }
}

const lowerCase = (fields: Fields, name: string): Fields =>
  name in fields ? { [name]: textIn(fields, name).toLowerCase() } : {};

const META_PAIRS_MAX = 64;
const META_KEY_MAX = 128;
const META_VALUE_MAX = 512;

function metaErrors(fields: Fields): readonly string[] {
  const pairs = Object.entries(structIn(fields, "Meta") ?? {});
  return [
    ...(pairs.length > META_PAIRS_MAX ? [`Meta exceeds maximum element count ${META_PAIRS_MAX}`] : []),
    ...pairs.flatMap(([key, value]) => [
      ...(key.length > META_KEY_MAX ? [`Meta key ${quote(key)} exceeds maximum length ${META_KEY_MAX}`] : []),
      ...(String(value).length > META_VALUE_MAX
        ? [`Meta value for key ${quote(key)} exceeds maximum length ${META_VALUE_MAX}`]
        : []),
    ]),
  ];
}

/** @throws EntryError */
function checkMeta(fields: Fields): void {
  const errors = metaErrors(fields);
  if (errors.length > 0) refuseEntry(severalErrors(errors));
}

const requireName = (fields: Fields): void => {
  if (textIn(fields, "Name") === "") refuseEntry("Name is required");
};

const TLS_VERSIONS = ["TLS_AUTO", "TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"];

function checkMeshTls(fields: Fields): void {
  const tls = structIn(fields, "TLS") ?? {};
  for (const direction of ["Incoming", "Outgoing"] as const) {
    const given = structIn(tls, direction) ?? {};
    for (const version of [textIn(given, "TLSMinVersion"), textIn(given, "TLSMaxVersion")])
      if (version !== "" && !TLS_VERSIONS.includes(version))
        refuseEntry(
          `error in ${direction.toLowerCase()} TLS configuration: no matching TLS version found for ${version}, please specify one of [${TLS_VERSIONS.join(", ")}]`,
        );
  }
}

const MTLS_MODES = ["", "strict", "permissive"];

function checkMutualTls(fields: Fields): void {
  const mode = textIn(fields, "MutualTLSMode");
  if (!MTLS_MODES.includes(mode))
    refuseEntry(`Invalid MutualTLSMode ${quote(mode)}. Must be one of "", "strict", or "permissive".`);
}

function validateServiceDefaults(fields: Fields): Fields {
  requireName(fields);
  if (fields.Name === "*") refuseEntry("service-defaults name must be the name of a service, and not a wildcard");
  const errors = [...metaErrors(fields)];
  const balance = textIn(fields, "BalanceInboundConnections");
  if (!["", "exact_balance"].includes(balance))
    errors.push(`invalid value for balance_inbound_connections: ${balance}`);
  const protocol = textIn(fields, "Protocol");
  if (!["", "http", "http2", "grpc", "tcp"].includes(protocol)) errors.push(`invalid value for protocol: ${protocol}`);
  const upstreams = structIn(fields, "UpstreamConfig");
  const destination = structIn(fields, "Destination");
  if (upstreams !== undefined && destination !== undefined)
    errors.push("UpstreamConfig and Destination are mutually exclusive for service defaults");
  else {
    if (upstreams !== undefined) errors.push(...upstreamErrors(upstreams));
    if (destination !== undefined) errors.push(...destinationErrors(destination));
  }
  if (structIn(fields, "RateLimits") !== undefined)
    errors.push("invalid rate_limits config. Rate limiting is a consul enterprise feature");
  for (const [at, { Name }] of listIn(fields, "EnvoyExtensions").entries())
    if (!EXTENSIONS.includes(String(Name)))
      errors.push(
        `invalid EnvoyExtensions[${at}][${String(Name)}]: name "${String(Name)}" is not a built-in extension`,
      );
  checkMutualTls(fields);
  if (errors.length > 0) refuseEntry(severalErrors(errors));
  return fields;
}

const EXTENSIONS = [
  "builtin/aws/lambda",
  "builtin/ext-authz",
  "builtin/http/localratelimit",
  "builtin/lua",
  "builtin/otel-access-logging",
  "builtin/property-override",
  "builtin/wasm",
];

function upstreamErrors(upstreams: Fields): readonly string[] {
  const errors: string[] = [];
  for (const override of listIn(upstreams, "Overrides"))
    if (textIn(override, "Name") === "") errors.push("error in upstream override for : Name is required");
  const defaults = structIn(upstreams, "Defaults");
  if (defaults !== undefined && textIn(defaults, "Name") !== "")
    errors.push("error in upstream defaults: Name must be empty");
  return errors;
}

const PORT_MAX = 65_535;

function destinationErrors(destination: Fields): readonly string[] {
  const addresses = textsIn(destination, "Addresses");
  const errors: string[] = [];
  if (addresses.length === 0) errors.push("Destination must contain at least one valid address");
  const seen = new Set<string>();
  for (const address of addresses) {
    const isName = address.length > 0 && address.length < 255 && !address.includes("..") && !address.includes("*");
    if (seen.has(address)) errors.push(`Duplicate address '${address}' is not allowed`);
    else if (isIP(address) === 0 && !isName)
      errors.push(
        `Destination address '${address}' is invalid Could not validate address ${address} as an IP or Hostname`,
      );
    seen.add(address);
  }
  const port = Number(destination.Port ?? 0);
  if (port < 1 || port > PORT_MAX) errors.push(`Invalid Port number ${port}`);
  return errors;
}

function validateProxyDefaults(fields: Fields): Fields {
  const name = textIn(fields, "Name");
  if (name !== "" && name !== "global") refuseEntry(`invalid name (${quote(name)}), only "global" is supported`);
  const logs = structIn(fields, "AccessLogs");
  const type = logs === undefined ? "" : textIn(logs, "Type");
  if (!["", "stdout", "stderr", "file"].includes(type)) refuseEntry(`invalid access log type: ${type}`);
  checkMeta(fields);
  if ((structIn(fields, "PrioritizeByLocality")?.Mode ?? "") !== "")
    refuseEntry("Prioritize-by-locality requires Consul Enterprise ");
  checkMutualTls(fields);
  return { ...fields, Name: "global" };
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"];
const RETRIES = [
  "5xx",
  "gateway-error",
  "reset",
  "connect-failure",
  "envoy-ratelimited",
  "retriable-4xx",
  "refused-stream",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];

/** How many of these members are given. */
export const countGiven = (fields: Fields, names: readonly string[]): number =>
  names.filter((name) => fields[name] !== undefined && fields[name] !== "" && fields[name] !== false).length;

/** @throws EntryError for a method that is none, or twice there */
export function checkMethods(methods: readonly string[], where: string): void {
  for (const [at, method] of methods.entries()) {
    if (!METHODS.includes(method)) refuseEntry(`${where} contains an invalid method ${quote(method)}`);
    if (methods.indexOf(method) < at) refuseEntry(`${where} contains ${quote(method)} more than once`);
  }
}

/** @throws EntryError for paths that do not begin with `/`, or several of them */
export function checkPaths(http: Fields, where: string, separator: string): number {
  for (const name of ["PathExact", "PathPrefix"]) {
    const path = textIn(http, name);
    if (path !== "" && !path.startsWith("/"))
      refuseEntry(`${where}${separator}${name} doesn't start with '/': ${quote(path)}`);
  }
  const count = countGiven(http, ["PathExact", "PathPrefix", "PathRegex"]);
  if (count > 1) refuseEntry(`${where} should only contain at most one of PathExact, PathPrefix, or PathRegex`);
  return count;
}

function validateRouter(given: Fields): Fields {
  requireName(given);
  checkMeta(given);
  const routes = listIn(given, "Routes").map((route, at) => validateRoute(route, at));
  return { ...given, ...("Routes" in given && { Routes: routes }) };
}

function validateRoute(route: Fields, at: number): Fields {
  const match = structIn(route, "Match");
  const http = match === undefined ? undefined : structIn(match, "HTTP");
  const methods = http === undefined ? [] : textsIn(http, "Methods").map((each) => each.toUpperCase());
  if (http !== undefined) {
    checkPaths(http, `Route[${at}]`, " ");
    for (const [nth, header] of listIn(http, "Header").entries()) {
      if (textIn(header, "Name") === "") refuseEntry(`Route[${at}] Header[${nth}] missing required Name field`);
      if (countGiven(header, ["Present", "Exact", "Regex", "Prefix", "Suffix"]) !== 1)
        refuseEntry(`Route[${at}] Header[${nth}] should only contain one of Present, Exact, Prefix, Suffix, or Regex`);
    }
    for (const [nth, param] of listIn(http, "QueryParam").entries()) {
      if (textIn(param, "Name") === "") refuseEntry(`Route[${at}] QueryParam[${nth}] missing required Name field`);
      if (countGiven(param, ["Present", "Exact", "Regex"]) !== 1)
        refuseEntry(`Route[${at}] QueryParam[${nth}] should only contain one of Present, Exact, or Regex`);
    }
    checkMethods(methods, `Route[${at}] Methods`);
  }
  const destination = structIn(route, "Destination");
  if (destination !== undefined) {
    const mayRewrite = http !== undefined && countGiven(http, ["PathExact", "PathPrefix"]) > 0;
    if (textIn(destination, "PrefixRewrite") !== "" && !mayRewrite)
      refuseEntry(`Route[${at}] cannot make use of PrefixRewrite without configuring either PathExact or PathPrefix`);
    for (const retry of textsIn(destination, "RetryOn"))
      if (!RETRIES.includes(retry)) refuseEntry(`Route[${at}] contains an invalid retry condition: ${quote(retry)}`);
  }
  if (http === undefined || methods.length === 0) return route;
  return { ...route, Match: { ...match, HTTP: { ...http, Methods: methods } } };
}

const WEIGHT_SCALE = 100;

function validateSplitter(given: Fields): Fields {
  requireName(given);
  const splits = listIn(given, "Splits").map((split) => ({
    ...split,
    Weight: Math.round(Number(split.Weight ?? 0) * WEIGHT_SCALE) / WEIGHT_SCALE,
  }));
  if (splits.length === 0) refuseEntry("no splits configured");
  checkMeta(given);
  const seen = new Set<string>();
  for (const split of splits) {
    const service = textIn(split, "Service") || textIn(given, "Name");
    const [subset, namespace, partition] = ["ServiceSubset", "Namespace", "Partition"].map((name) =>
      textIn(split, name),
    );
    const key = JSON.stringify([service, subset, namespace, partition]);
    if (seen.has(key))
      refuseEntry(
        `split destination occurs more than once: service=${quote(service)}, subset=${quote(subset ?? "")}, namespace=${quote(namespace ?? "")}, partition=${quote(partition ?? "")}`,
      );
    seen.add(key);
  }
  const sum = splits.reduce((total, { Weight }) => total + Math.round(Weight * WEIGHT_SCALE), 0) / WEIGHT_SCALE;
  if (sum !== 100) refuseEntry(`the sum of all split weights must be 100, not ${sum.toFixed(6)}`);
  return { ...given, Splits: splits };
}

const REDIRECT_CLASHES = [
  ["Peer", "ServiceSubset", "Redirect.Peer cannot be set with Redirect.ServiceSubset"],
  ["Peer", "Partition", "Redirect.Partition cannot be set with Redirect.Peer"],
  ["Peer", "Datacenter", "Redirect.Peer cannot be set with Redirect.Datacenter"],
] as const;

function validateResolver(fields: Fields): Fields {
  requireName(fields);
  checkMeta(fields);
  const name = textIn(fields, "Name");
  const subsets = structIn(fields, "Subsets") ?? {};
  for (const [subset, given] of Object.entries(subsets)) {
    if (subset === "") refuseEntry("Subset defined with empty name");
    if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/.test(subset) || subset.length > SUBSET_MAX)
      refuseEntry(
        `Subset ${quote(subset)} is invalid: must be 63 characters or fewer, begin or end with lower case alphanumeric characters, and contain lower case alphanumeric characters or '-' in between`,
      );
    checkFilter(isObject(given) ? textIn(given, "Filter") : "", subset);
  }
  const isSubset = (subset: string): boolean => Object.hasOwn(subsets, subset);
  const preferred = textIn(fields, "DefaultSubset");
  if (preferred !== "" && !isSubset(preferred)) refuseEntry(`DefaultSubset ${quote(preferred)} is not a valid subset`);
  if ((structIn(fields, "PrioritizeByLocality")?.Mode ?? "") !== "")
    refuseEntry("Prioritize-by-locality requires Consul Enterprise ");
  const failover = structIn(fields, "Failover") ?? {};
  const redirect = structIn(fields, "Redirect");
  if (redirect !== undefined) checkRedirect(redirect, name, Object.keys(failover).length > 0, isSubset);
  for (const [subset, given] of Object.entries(failover))
    checkFailover(subset, isObject(given) ? given : {}, name, isSubset);
  for (const timeout of ["ConnectTimeout", "RequestTimeout"]) {
    const ns = Number(fields[timeout] ?? 0);
    if (ns < 0) refuseEntry(`Bad ${timeout} '${durationText(ns)}', must be >= 0`);
  }
  const balancer = structIn(fields, "LoadBalancer");
  if (balancer !== undefined) checkBalancer(balancer);
  return fields;
}

const SUBSET_MAX = 63;

function checkFilter(filter: string, subset: string): void {
  if (filter === "") return;
  try {
    parseFilter(filter);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const why = error.message.replace(FAILED, "");
    refuseEntry(`Filter for subset ${quote(subset)} is not a valid expression: ${why}`);
  }
}

function checkEnterprise(fields: Fields, names: readonly string[], prefix: string): void {
  const given = names.find((name) => textIn(fields, name) !== "");
  if (given !== undefined) refuseEntry(`${prefix}Setting ${given} requires Consul Enterprise`);
}

function checkRedirect(
  redirect: Fields,
  name: string,
  hasFailover: boolean,
  isSubset: (subset: string) => boolean,
): void {
  checkEnterprise(redirect, ["Partition", "Namespace", "SamenessGroup"], "Redirect: ");
  if (hasFailover) refuseEntry("Redirect and Failover cannot both be set");
  const members = ["Service", "ServiceSubset", "Datacenter", "Peer"];
  if (countGiven(redirect, members) === 0) refuseEntry("Redirect is empty");
  for (const [one, other, message] of REDIRECT_CLASHES)
    if (textIn(redirect, one) !== "" && textIn(redirect, other) !== "") refuseEntry(message);
  const [service, subset] = [textIn(redirect, "Service"), textIn(redirect, "ServiceSubset")];
  if (service === "") {
    if (subset !== "") refuseEntry("Redirect.ServiceSubset defined without Redirect.Service");
    if (textIn(redirect, "Peer") !== "") refuseEntry("Redirect.Peer defined without Redirect.Service");
  } else if (subset !== "" && service === name && !isSubset(subset))
    refuseEntry(`Redirect.ServiceSubset ${quote(subset)} is not a valid subset of ${quote(name)}`);
}

function checkFailover(subset: string, given: Fields, name: string, isSubset: (subset: string) => boolean): void {
  const bad = `Bad Failover[${quote(subset)}]`;
  checkEnterprise(given, ["Namespace", "SamenessGroup"], `${bad}: `);
  if (subset !== "*" && !isSubset(subset)) refuseEntry(`${bad}: not a valid subset subset`);
  const [datacenters, targets] = [textsIn(given, "Datacenters"), listIn(given, "Targets")];
  const [service, other] = [textIn(given, "Service"), textIn(given, "ServiceSubset")];
  if (service === "" && other === "" && datacenters.length === 0 && targets.length === 0)
    refuseEntry(`${bad}: one of Service, ServiceSubset, Namespace, Targets, SamenessGroup, or Datacenters is required`);
  if ((structIn(given, "Policy")?.Mode ?? "") !== "")
    refuseEntry(`${bad}: Setting failover policies requires Consul Enterprise`);
  if (other !== "" && (service === "" || service === name) && !isSubset(other))
    refuseEntry(`${bad}: ServiceSubset ${quote(other)} is not a valid subset of ${quote(service)}`);
  if (targets.length > 0) {
    if (datacenters.length > 0) refuseEntry(`${bad}: Targets cannot be set with Datacenters`);
    if (other !== "") refuseEntry(`${bad}: Targets cannot be set with ServiceSubset`);
    if (service !== "") refuseEntry(`${bad}: Targets cannot be set with Service`);
  }
  for (const [at, target] of targets.entries()) checkTarget(target, `${bad}.Targets[${at}]: `, name, isSubset);
  if (datacenters.includes("")) refuseEntry(`${bad}.Datacenters: found empty datacenter`);
}

function checkTarget(target: Fields, prefix: string, name: string, isSubset: (subset: string) => boolean): void {
  checkEnterprise(target, ["Partition", "Namespace"], prefix);
  const [peer, subset, service] = ["Peer", "ServiceSubset", "Service"].map((each) => textIn(target, each));
  if (peer !== "" && subset !== "") refuseEntry(`${prefix}Peer cannot be set with ServiceSubset`);
  if (peer !== "" && textIn(target, "Datacenter") !== "") refuseEntry(`${prefix}Peer cannot be set with Datacenter`);
  if (subset !== undefined && subset !== "" && (service === "" || service === name) && !isSubset(subset))
    refuseEntry(`${prefix}ServiceSubset ${quote(subset)} is not a valid subset of ${quote(name)}`);
}

const POLICIES = ["", "random", "round_robin", "least_request", "ring_hash", "maglev"];
const HASHED = ["ring_hash", "maglev"];
const HASHABLE = ["header", "cookie", "query_parameter"];

function checkBalancer(balancer: Fields): void {
  const policy = textIn(balancer, "Policy");
  if (!POLICIES.includes(policy)) refuseEntry(`Bad LoadBalancer policy: ${quote(policy)} is not supported`);
  for (const [name, wanted] of [
    ["RingHashConfig", "ring_hash"],
    ["LeastRequestConfig", "least_request"],
  ] as const)
    if (policy !== wanted && structIn(balancer, name) !== undefined)
      refuseEntry(
        `Bad LoadBalancer configuration. ${name} specified for incompatible load balancing policy ${quote(policy)}`,
      );
  const policies = listIn(balancer, "HashPolicies");
  if (!HASHED.includes(policy) && policies.length > 0)
    refuseEntry(`Bad LoadBalancer configuration: HashPolicies specified for non-hash-based Policy: ${quote(policy)}`);
  for (const [at, each] of policies.entries()) checkHashPolicy(each, `Bad LoadBalancer HashPolicy[${at}]: `);
}

function checkHashPolicy(policy: Fields, bad: string): void {
  const [field, value] = [textIn(policy, "Field"), textIn(policy, "FieldValue")];
  if (field !== "" && !HASHABLE.includes(field)) refuseEntry(`${bad}${quote(field)} is not a supported field`);
  const isByAddress = policy.SourceIP === true;
  if (isByAddress && field !== "")
    refuseEntry(`${bad}A single hash policy cannot hash both a source address and a ${quote(field)}`);
  if (isByAddress && value !== "") refuseEntry(`${bad}A FieldValue cannot be specified when hashing SourceIP`);
  if (field !== "" && value === "") refuseEntry(`${bad}Field ${quote(field)} was specified without a FieldValue`);
  if (value !== "" && field === "") refuseEntry(`${bad}FieldValue requires a Field to apply to`);
  const cookie = structIn(policy, "CookieConfig");
  if (cookie === undefined) return;
  if (field !== "cookie") refuseEntry(`${bad}cookie_config provided for ${quote(field)}`);
  if (cookie.Session === true && Number(cookie.TTL ?? 0) !== 0)
    refuseEntry(`${bad}a session cookie cannot have an associated TTL`);
}

const LISTENER_PROTOCOLS = ["tcp", "http", "http2", "grpc"];

function validateIngress(given: Fields): Fields {
  checkMeta(given);
  const listeners = listIn(given, "Listeners").map((each) => ({
    ...each,
    Protocol: (textIn(each, "Protocol") || "tcp").toLowerCase(),
  }));
  const ports = new Set<number>();
  const usesTls = structIn(given, "TLS")?.Enabled === true;
  for (const listener of listeners) {
    const port = Number("Port" in listener ? listener.Port : 0);
    if (ports.has(port)) refuseEntry(`port ${port} declared on two listeners`);
    ports.add(port);
    checkListener(listener, port, listener.Protocol, usesTls);
  }
  return { ...given, ...("Listeners" in given && { Listeners: listeners }) };
}

function checkListener(listener: Fields, port: number, protocol: string, usesTls: boolean): void {
  const on = `(listener on port ${port})`;
  if (!LISTENER_PROTOCOLS.includes(protocol))
    refuseEntry(`protocol must be 'tcp', 'http', 'http2', or 'grpc'. '${protocol}' is an unsupported protocol`);
  const services = listIn(listener, "Services");
  if (services.length === 0) refuseEntry(`No service declared for listener with port ${port}`);
  if (protocol === "tcp" && services.length > 1)
    refuseEntry(`Multiple services per listener are only supported for L7 protocols, 'http', 'grpc' and 'http2' ${on}`);
  const names = new Set<string>();
  const hosts = new Set<string>();
  for (const service of services) {
    const name = textIn(service, "Name");
    const own = textsIn(service, "Hosts");
    if (protocol === "tcp" && name === "*")
      refuseEntry(`Wildcard service name is only valid for protocol = 'http' ${on}`);
    if (protocol === "tcp" && own.length > 0)
      refuseEntry(`Associating hosts to a service is not supported for the ${protocol} protocol ${on}`);
    if (name === "") refuseEntry(`Service name cannot be blank ${on}`);
    if (name === "*" && own.length > 0) refuseEntry(`Associating hosts to a wildcard service is not supported ${on}`);
    if (names.has(name)) refuseEntry(`Service ${name} cannot be added multiple times ${on}`);
    names.add(name);
    for (const host of own) {
      if (hosts.has(host)) refuseEntry(`Hosts must be unique within a specific listener ${on}`);
      hosts.add(host);
      checkHost(host, usesTls);
    }
  }
}

function checkHost(host: string, usesTls: boolean): void {
  if (host === "*") {
    if (usesTls)
      refuseEntry(
        "Host '*' is not allowed when TLS is enabled, all hosts must be valid DNS records to add as a DNSSAN",
      );
    return;
  }
  if (host === "" || host.includes("..")) refuseEntry(`Host ${quote(host)} must be a valid DNS hostname`);
  if (host.replace(/^\*\./, "").includes("*"))
    refuseEntry(`Host ${quote(host)} is not valid, a wildcard specifier is only allowed as the leftmost label`);
}

function validateTerminating(fields: Fields): Fields {
  checkMeta(fields);
  const seen = new Set<string>();
  for (const service of listIn(fields, "Services")) {
    const name = textIn(service, "Name");
    if (name === "") refuseEntry("Service name cannot be blank.");
    if (seen.has(name)) refuseEntry(`Service ${quote(name)} was specified more than once within a namespace`);
    seen.add(name);
    const files = countGiven(service, ["CertFile", "KeyFile"]);
    if (files > 0 && countGiven(service, ["CAFile", "CertFile", "KeyFile"]) < 3)
      refuseEntry(`Service ${quote(name)} must have a CertFile, CAFile, and KeyFile specified for TLS origination`);
  }
  return fields;
}

function validateExported(fields: Fields): Fields {
  if (textIn(fields, "Name") !== "default") refuseEntry('exported-services Name must be "default"');
  checkMeta(fields);
  for (const [at, service] of listIn(fields, "Services").entries()) {
    const where = `Services[${at}]`;
    if (textIn(service, "Name") === "") refuseEntry(`${where}: service name cannot be empty`);
    const consumers = listIn(service, "Consumers");
    if (consumers.length === 0) refuseEntry(`${where}: must have at least one consumer`);
    for (const [nth, consumer] of consumers.entries()) {
      const who = `${where}.Consumers[${nth}]`;
      if (countGiven(consumer, ["Peer", "Partition", "SamenessGroup"]) > 1)
        refuseEntry(`${who}: must define at most one of Peer, Partition, or SamenessGroup`);
      if (consumer.Partition === "*") refuseEntry(`${who}: exporting to all partitions (wildcard) is not supported`);
      if (consumer.Peer === "*") refuseEntry(`${who}: exporting to all peers (wildcard) is not supported`);
    }
  }
  return fields;
}
