import type { Fields } from "./decode.ts";
import { countGiven, isMethod, quote, refuseEntry, structIn, textIn, textsIn } from "./fields.ts";
import { listIn } from "./store.ts";
import { checkMeta, requireName } from "./validate-meta.ts";

const PORT_MAX = 65_535;
const LISTENER_NAME = /^[A-Za-z0-9-]+$/;

/** An API gateway, checked. @throws EntryError */
export function validateApiGateway(given: Fields): Fields {
  const listeners = listIn(given, "Listeners").map((listener) => {
    const tls = structIn(listener, "TLS") ?? {};
    const certificates = listIn(tls, "Certificates").map((each) => ({
      ...each,
      Kind: textIn(each, "Kind") || "inline-certificate",
    }));
    return {
      ...listener,
      Protocol: textIn(listener, "Protocol").toLowerCase(),
      ...(certificates.length > 0 && { TLS: { ...tls, Certificates: certificates } }),
    };
  });
  checkMeta(given);
  if (listeners.length === 0) refuseEntry("api gateway must have at least one listener");
  const names = new Set<string>();
  for (const listener of listeners) {
    const name = textIn(listener, "Name");
    if (!LISTENER_NAME.test(name))
      refuseEntry(
        `listener name ${quote(name)} is invalid, must be at least 1 character and contain only letters, numbers, or dashes`,
      );
    if (names.has(name)) refuseEntry(`found multiple listeners with the name ${quote(name)}`);
    names.add(name);
  }
  checkMerged(listeners);
  for (const listener of listeners) checkApiListener(listener);
  return { ...given, Listeners: listeners };
}

/** Listeners of one port must be alike. */
function checkMerged(listeners: readonly Fields[]): void {
  const byPort = new Map<unknown, Fields>();
  for (const listener of listeners) {
    const other = byPort.get(listener.Port);
    const isAlike =
      other === undefined ||
      (textIn(other, "Hostname") === textIn(listener, "Hostname") && other.Protocol === listener.Protocol);
    if (!isAlike)
      refuseEntry(`listeners ${quote(textIn(other, "Name"))} and ${quote(textIn(listener, "Name"))} cannot be merged`);
    byPort.set(listener.Port, listener);
  }
}

function checkApiListener(listener: Fields): void {
  const [protocol, host] = [textIn(listener, "Protocol"), textIn(listener, "Hostname")];
  if (protocol !== "http" && protocol !== "tcp")
    refuseEntry(`unsupported listener protocol ${quote(protocol)}, must be one of 'tcp', or 'http'`);
  if (protocol === "tcp" && host !== "") refuseEntry("hostname specification is not supported when using TCP");
  const port = Number(listener.Port ?? 0);
  if (port <= 0 || port > PORT_MAX) refuseEntry(`listener port ${port} not in the range 1-${PORT_MAX}`);
  if (host.replace(/^\*\./, "").includes("*"))
    refuseEntry(`host ${quote(host)} is not valid, a wildcard specifier is only allowed as the left-most label`);
  for (const certificate of listIn(structIn(listener, "TLS") ?? {}, "Certificates")) {
    const kind = textIn(certificate, "Kind");
    if (kind !== "inline-certificate" && kind !== "file-system-certificate")
      refuseEntry(
        `unsupported certificate kind: ${quote(kind)}, must be 'file-system-certificate' or 'inline-certificate'`,
      );
    if (textIn(certificate, "Name") === "") refuseEntry("certificate reference must have a name");
  }
}

/** The gateways of a route, each once. @throws EntryError */
function parentsOf(given: Fields): readonly Fields[] {
  const parents = listIn(given, "Parents").map((each) => ({ ...each, Kind: textIn(each, "Kind") || "api-gateway" }));
  const seen = new Set<string>();
  for (const parent of parents) {
    if (parent.Kind !== "api-gateway")
      refuseEntry(`unsupported parent kind: ${quote(parent.Kind)}, must be 'api-gateway'`);
    const key = `${textIn(parent, "Name")}/${textIn(parent, "SectionName")}`;
    if (seen.has(key)) refuseEntry("route parents must be unique");
    seen.add(key);
  }
  return parents;
}

/** A route of connections, checked. @throws EntryError */
export function validateTcpRoute(given: Fields): Fields {
  if (listIn(given, "Services").length > 1) refuseEntry("tcp-route currently only supports one service");
  const parents = parentsOf(given);
  checkMeta(given);
  return { ...given, ...("Parents" in given && { Parents: parents }) };
}

/** A route of requests, checked. @throws EntryError */
export function validateHttpRoute(given: Fields): Fields {
  for (const host of textsIn(given, "Hostnames")) {
    if (host.length > 253 || host.includes("..")) refuseEntry(`host ${quote(host)} must be a valid DNS hostname`);
    if (host.includes("*")) refuseEntry(`host ${quote(host)} must not be a wildcard`);
  }
  const parents = parentsOf(given);
  checkMeta(given);
  const rules = listIn(given, "Rules").map((rule, at) => normaliseRule(rule, `Rule[${at}], `));
  return { ...given, ...("Parents" in given && { Parents: parents }), ...("Rules" in given && { Rules: rules }) };
}

function normaliseRule(rule: Fields, where: string): Fields {
  const matches = listIn(rule, "Matches").map((match, at) => normaliseMatch(match, `${where}Match[${at}], `));
  // A service without a weight has its share.
  const services = listIn(rule, "Services").map((each) => ({ ...each, Weight: Number(each.Weight ?? 0) || 1 }));
  return { ...rule, ...("Matches" in rule && { Matches: matches }), ...("Services" in rule && { Services: services }) };
}

const HEADER_MATCHES = ["exact", "prefix", "regex", "suffix", "present"];
const QUERY_MATCHES = ["exact", "present", "regex"];

function normaliseMatch(match: Fields, where: string): Fields {
  const given = structIn(match, "Path") ?? {};
  const path = textIn(given, "Match") === "" ? { Match: "prefix", Value: "/" } : given;
  const method = textIn(match, "Method").toUpperCase();
  if (method !== "" && !isMethod(method)) refuseEntry(`${where}Method contains an invalid method ${quote(method)}`);
  for (const [name, known, list] of [
    ["Query", QUERY_MATCHES, "present, exact, or regex"],
    ["Headers", HEADER_MATCHES, "present, exact, prefix, suffix, or regex"],
  ] as const)
    for (const [at, each] of listIn(match, name).entries()) {
      if (textIn(each, "Name") === "") refuseEntry(`${where}${name}[${at}], missing required Name field`);
      if (!known.includes(textIn(each, "Match")))
        refuseEntry(`${where}${name}[${at}], match type should be one of ${list}`);
    }
  const [kind, value] = [textIn(path, "Match"), textIn(path, "Value")];
  if (!["exact", "prefix", "regex"].includes(kind))
    refuseEntry(`${where}Path, match type should be one of exact, prefix, or regex`);
  if (kind !== "regex" && !value.startsWith("/"))
    refuseEntry(`${where}Path, ${kind} type match doesn't start with '/': ${quote(value)}`);
  return { ...match, ...(method !== "" && { Method: method }), Path: path };
}

const PEM = /-----BEGIN [A-Z0-9 ]+-----[\s\S]+-----END [A-Z0-9 ]+-----/;

/** A certificate with its key, checked as far as their encoding. @throws EntryError */
export function validateCertificate(fields: Fields): Fields {
  checkMeta(fields);
  if (!PEM.test(textIn(fields, "PrivateKey"))) refuseEntry("failed to parse private key PEM");
  if (!PEM.test(textIn(fields, "Certificate"))) refuseEntry("failed to parse certificate PEM");
  return fields;
}

const CLOCK_SKEW_SECONDS = 30;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Who issues tokens, checked. @throws EntryError */
export function validateJwtProvider(fields: Fields): Fields {
  requireName(fields);
  checkMeta(fields);
  const keys = structIn(fields, "JSONWebKeySet");
  if (keys === undefined) return refuseEntry("JSONWebKeySet is required");
  const [local, remote] = [structIn(keys, "Local"), structIn(keys, "Remote")];
  if ((local === undefined) === (remote === undefined))
    refuseEntry("must specify exactly one of Local or Remote JSON Web key set");
  if (remote !== undefined) checkRemoteKeys(textIn(remote, "URI"));
  if (local !== undefined) {
    if (countGiven(local, ["Filename", "JWKS"]) !== 1)
      refuseEntry("must specify exactly one of String or filename for local keyset");
    if (!BASE64.test(textIn(local, "JWKS"))) refuseEntry("JWKS must be valid base64 encoded string");
  }
  for (const location of listIn(fields, "Locations"))
    if (["Header", "QueryParam", "Cookie"].filter((name) => structIn(location, name) !== undefined).length !== 1)
      refuseEntry("must set exactly one of: JWT location header, query param or cookie");
  return { ...fields, ClockSkewSeconds: Number(fields.ClockSkewSeconds ?? 0) || CLOCK_SKEW_SECONDS };
}

function checkRemoteKeys(uri: string): void {
  if (uri === "") refuseEntry("Remote JWKS URI is required");
  if (!uri.startsWith("/") && !/^[a-z][a-z0-9+.-]*:/i.test(uri))
    refuseEntry(`Remote JWKS URI is invalid: parse ${quote(uri)}: invalid URI for request, uri: ${uri}`);
}
