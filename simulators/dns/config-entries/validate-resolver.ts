import { isObject } from "../../kernel/index.ts";
import { durationText } from "../wire/duration.ts";
import { FAILED, parseFilter } from "../wire/filter/parse.ts";
import { Refusal } from "../wire/refusal.ts";
import { type Fields } from "./decode.ts";
import { listIn } from "./store.ts";
import { refuseEntry, textIn, structIn, textsIn, quote, countGiven } from "./fields.ts";
import { checkMeta, requireName } from "./validate-meta.ts";

const REDIRECT_CLASHES = [
  ["Peer", "ServiceSubset", "Redirect.Peer cannot be set with Redirect.ServiceSubset"],
  ["Peer", "Partition", "Redirect.Partition cannot be set with Redirect.Peer"],
  ["Peer", "Datacenter", "Redirect.Peer cannot be set with Redirect.Datacenter"],
] as const;

/** A resolver, checked. @throws EntryError */
export function validateResolver(fields: Fields): Fields {
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
