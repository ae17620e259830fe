import { isIP } from "node:net";
import { severalErrors, type Fields } from "./decode.ts";
import { listIn } from "./store.ts";
import { validateIntentions } from "./validate-intentions.ts";
import {
  refuseEntry,
  textIn,
  structIn,
  textsIn,
  quote,
  RETRIES,
  countGiven,
  checkMethods,
  checkPaths,
} from "./fields.ts";
import { validateResolver } from "./validate-resolver.ts";
import { validateIngress, validateTerminating, validateExported } from "./validate-gateways.ts";
import { validateMesh } from "./validate-mesh.ts";
import { checkMutualTls, validateProxyDefaults } from "./validate-proxy.ts";
import {
  validateApiGateway,
  validateCertificate,
  validateHttpRoute,
  validateJwtProvider,
  validateTcpRoute,
} from "./validate-routes.ts";
import { checkMeta, requireName, metaErrors } from "./validate-meta.ts";

/** Checks an entry that a user wrote, and fills in what follows from the rest. @throws EntryError */
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
      return validateMesh(fields);
    case "exported-services":
      return validateExported(fields);
    case "sameness-group":
      return refuseEntry("sameness-groups are an enterprise-only feature");
    case "jwt-provider":
      return validateJwtProvider(fields);
    case "api-gateway":
      return validateApiGateway(fields);
    case "http-route":
      return validateHttpRoute(fields);
    case "tcp-route":
      return validateTcpRoute(fields);
    case "inline-certificate":
      return validateCertificate(fields);
    default:
      return fields;
  }
}

const lowerCase = (fields: Fields, name: string): Fields =>
  name in fields ? { [name]: textIn(fields, name).toLowerCase() } : {};

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
    if (textIn(override, "Name") === "") errors.push("error in upstream override for :: Name is required");
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
