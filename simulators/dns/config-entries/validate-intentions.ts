import type { Fields } from "./decode.ts";
import { listIn } from "./store.ts";
import { checkMethods, checkPaths, countGiven, refuseEntry, structIn, textIn, textsIn } from "./fields.ts";

const EXACT_BASE = 7;
const WILD_BASE = 4;
const DESCRIPTION_MAX = 512;

/** Checks the intentions of a destination, the most exact source first. `isLegacy`: those that have ids. @throws EntryError */
export function validateIntentions(given: Fields, isLegacy: boolean): Fields {
  const name = textIn(given, "Name");
  if (name === "") refuseEntry("Name is required");
  checkWildcards(name, "", "");
  const sources = listIn(given, "Sources")
    .map((source) => normaliseSource(source, name, isLegacy))
    .sort((a, b) => Number(b.Precedence) - Number(a.Precedence));
  if (sources.length === 0) refuseEntry("At least one source is required");
  const seen = new Set<string>();
  for (const [at, source] of sources.entries()) {
    checkSource(source, at, name.includes("*"), isLegacy);
    const [peer, from] = [textIn(source, "Peer"), textIn(source, "Name")];
    if (seen.has(`${peer}/${from}`))
      refuseEntry(`Sources[${at}] defines ${peer === "" ? "" : `peer("${peer}") `}"${from}" more than once`);
    seen.add(`${peer}/${from}`);
  }
  return { ...given, Sources: sources };
}

function normaliseSource(source: Fields, destination: string, isLegacy: boolean): Fields {
  const { LegacyID: _id, LegacyCreateTime: _created, LegacyUpdateTime: _updated, ...plain } = source;
  const kept = isLegacy ? source : plain;
  const base = destination === "*" ? WILD_BASE : EXACT_BASE;
  const precedence = base + (textIn(source, "Name") === "*" ? 1 : 2);
  const permissions = listIn(source, "Permissions").map((permission) => {
    const http = structIn(permission, "HTTP");
    if (http === undefined || !("Methods" in http)) return permission;
    return { ...permission, HTTP: { ...http, Methods: textsIn(http, "Methods").map((each) => each.toUpperCase()) } };
  });
  return {
    ...kept,
    Type: textIn(source, "Type") || "consul",
    Precedence: precedence,
    ...(permissions.length > 0 && { Permissions: permissions }),
  };
}

function checkWildcards(name: string, prefix: string, peer: string): void {
  if (name !== "*" && name.includes("*"))
    refuseEntry(`${prefix}Name: wildcard character '*' cannot be used with partial values`);
  if (peer.includes("*")) refuseEntry(`${prefix}Peer: cannot use wildcard '*' in peer`);
}

function checkSource(source: Fields, at: number, isWild: boolean, isLegacy: boolean): void {
  const where = `Sources[${at}]`;
  if (textIn(source, "Name") === "") refuseEntry(`${where}.Name is required`);
  if (textIn(source, "SamenessGroup") !== "")
    refuseEntry(`${where}.SamenessGroup: Sameness groups are a Consul Enterprise feature. `);
  checkWildcards(textIn(source, "Name"), `${where}.`, textIn(source, "Peer"));
  if (textIn(source, "Description").length > DESCRIPTION_MAX)
    refuseEntry(`${where}.Description exceeds maximum length ${DESCRIPTION_MAX}`);
  if (!isLegacy && Object.keys(structIn(source, "LegacyMeta") ?? {}).length > 0)
    refuseEntry(`${where}.LegacyMeta must be omitted`);
  const permissions = listIn(source, "Permissions");
  const action = textIn(source, "Action");
  if ((isLegacy || permissions.length === 0) && action !== "allow" && action !== "deny")
    refuseEntry(`${where}.Action must be set to 'allow' or 'deny'`);
  if (permissions.length > 0 && action !== "")
    refuseEntry(`${where}.Action must be omitted if Permissions are specified`);
  if (isWild && permissions.length > 0)
    refuseEntry(`${where}.Permissions cannot be specified on intentions with wildcarded destinations`);
  if (textIn(source, "Type") !== "consul") refuseEntry(`${where}.Type must be set to 'consul'`);
  for (const [nth, permission] of permissions.entries()) checkPermission(permission, `${where}.Permissions[${nth}]`);
}

const HEADER_RULES = ["Present", "Exact", "Regex", "Prefix", "Suffix", "Contains"];

function checkPermission(permission: Fields, where: string): void {
  const action = textIn(permission, "Action");
  if (action !== "allow" && action !== "deny") refuseEntry(`${where}.Action must be set to 'allow' or 'deny'`);
  const http = structIn(permission, "HTTP");
  if (http === undefined) return refuseEntry(`${where}.HTTP is required`);
  const paths = checkPaths(http, `${where}.HTTP`, ".");
  const headers = listIn(http, "Header");
  for (const [at, header] of headers.entries()) {
    const which = `${where}.HTTP.Header[${at}]`;
    if (textIn(header, "Name") === "") refuseEntry(`${which} missing required Name field`);
    if (countGiven(header, HEADER_RULES) !== 1)
      refuseEntry(`${which} should only contain one of Present, Exact, Prefix, Suffix, Contains, or Regex`);
    if (header.IgnoreCase === true && countGiven(header, ["Present", "Regex"]) > 0)
      refuseEntry(`${which} should set one of Exact, Prefix, Suffix, or Contains when using IgnoreCase`);
  }
  const methods = textsIn(http, "Methods");
  checkMethods(methods, `${where}.HTTP.Methods`);
  if (paths + headers.length + methods.length === 0) refuseEntry(`${where}.HTTP should not be empty`);
}
