import { isArray, isObject, type Json, type JsonObject } from "../../client/http/json.ts";
import { BODY_RULES, type BodyRule, fits } from "../bodies.ts";
import { type Middleware, type Mutant, mutant, operationOf } from "./mutant.ts";
import { jsonOf, type WireResponse } from "./wire.ts";

/** Values that some schema refuses. */
const WRONG: readonly Json[] = ["", 5, "not right", [5], { labels: 5 }, { version: "1" }, { a: 5 }, "x".repeat(10_001)];

/** Defects that are told apart by more than a schema. */
const SPECIAL: Readonly<Record<string, Json>> = {
  "binding-expires-at-format-fraction": "2999-01-02T03:04:05Z",
  "binding-renew-before-format-fraction": "2999-01-01T03:04:05Z",
  "bind-route-service-url-https": "http://proxy.example.com/",
  "metadata-labels-strings": { owner: 5 },
};

/** Members that an operation has in some of its answers only: the defect is planted there. */
const WHERE_PRESENT = [
  "credentials",
  "syslog_drain_url",
  "route_service_url",
  "volume_mounts",
  "instance_usable",
  "update_repeatable",
];

const checkOf = (rule: BodyRule): string => rule.id ?? rule.clauses[0] ?? "";

/** A value that breaks the row, and as little else as may be. */
function wrongFor(rule: BodyRule): Json | undefined {
  return SPECIAL[checkOf(rule)] ?? WRONG.find((value) => !fits(rule.schema, value));
}

function changed(value: Json | undefined, path: readonly string[], member: string, to: Json | undefined): Json {
  const [step, ...rest] = path;
  if (step === "*") return isArray(value) ? value.map((item) => changed(item, rest, member, to)) : (value ?? null);
  const owner: JsonObject = isObject(value) ? value : {};
  if (step !== undefined)
    return owner[step] === undefined ? owner : { ...owner, [step]: changed(owner[step], rest, member, to) };
  const others = Object.fromEntries(Object.entries(owner).filter(([name]) => name !== member));
  return to === undefined ? others : { ...others, [member]: to };
}

function broken(rule: BodyRule, response: WireResponse, to: Json | undefined): WireResponse {
  if (rule.member === "") return { ...response, text: "[]" };
  const body = jsonOf(response);
  if (WHERE_PRESENT.includes(rule.member) && body[rule.member] === undefined) return response;
  return { ...response, text: JSON.stringify(changed(body, rule.at, rule.member, to)) };
}

/** The defect on the wire. A platform hands back the operation string that it was given; the broker gets its own. */
function middlewareFor(rule: BodyRule, to: Json | undefined): Middleware {
  return async (request, next, { facts }) => {
    const { operation, ...query } = request.query;
    const own = operation === to ? facts.get(`own ${request.path.slice(0, -1).join("/")}`) : undefined;
    const response = await next(
      typeof own === "string" ? { ...request, query: { ...query, operation: own } } : request,
    );
    if (!rule.on.includes(operationOf(request)) || !rule.status.includes(response.status)) return response;
    if (rule.member === "operation") facts.set(`own ${request.path.join("/")}`, jsonOf(response)["operation"] ?? null);
    return broken(rule, response, to);
  };
}

function mutantOf(rule: BodyRule, id: string, what: string, to: Json | undefined): Mutant {
  const isAsync =
    rule.status.every((status) => status === 202) || rule.on.some((operation) => operation.startsWith("poll-"));
  const where = [...rule.at, rule.member].filter((step) => step !== "").join(".") || "the body";
  const since = rule.until === undefined ? "" : `, in 2.${rule.until}`;
  return mutant(checkOf(rule), `${where} of ${rule.on.join(", ")} is ${what}${since}.`, middlewareFor(rule, to), {
    id,
    mode: isAsync ? "async" : "sync",
    minor: rule.until ?? 17,
    also: ["broker-well-formed-success-bodies", ...(FOLLOWS[id] ?? [])],
  });
}

/** A body that is read as something else is also one that lacks what it should say. */
const NO_CREDENTIALS = ["bind-syslog-drain-url-required", "bind-volume-mounts-required", "bind-credentials-required"];
const NEVER_ENDS = ["provision-creates-resource", "maximum-polling-duration-respected"];

/** What else is bound to notice, because it looks at the same member. */
const FOLLOWS: Readonly<Record<string, readonly string[]>> = {
  "not-provision-success-body-object": ["provision-dashboard-url-initial-response"],
  "not-provision-dashboard-url-type-2-12": [
    "provision-dashboard-url-identifies-instance",
    "fetch-instance-dashboard-url",
  ],
  "not-update-dashboard-url-type-2-14": ["update-dashboard-url-identifies-instance"],
  "not-metadata-labels-object": ["fetch-instance-metadata"],
  "not-metadata-attributes-object": ["fetch-instance-metadata"],
  "no-lastop-instance-state-required": NEVER_ENDS,
  "not-lastop-instance-state-values": NEVER_ENDS,
  "no-lastop-binding-state-required": ["maximum-polling-duration-respected"],
  "not-lastop-binding-state-values": ["maximum-polling-duration-respected"],
  "not-lastop-instance-usable-type": ["update-failed-instance-usable", "deprovision-failed-instance-usable"],
  "not-lastop-update-repeatable-type": ["update-failed-instance-usable"],
  "not-bind-success-body-object": NO_CREDENTIALS,
  "not-bind-credentials-object": ["bind-credentials-unique", "fetch-binding-credentials-same"],
  "not-bind-route-service-url-string": ["bind-route-service-url-required"],
  "not-fetch-binding-credentials-object": ["fetch-binding-credentials-same"],
  "no-volume-mount-driver": ["fetch-binding-volume-mounts-shape"],
  "no-volume-mount-container-dir": ["fetch-binding-volume-mounts-shape"],
  "no-volume-mount-mode": ["fetch-binding-volume-mounts-shape"],
  "no-volume-mount-device-type": ["fetch-binding-volume-mounts-shape"],
  "no-volume-mount-device": ["fetch-binding-volume-mounts-shape"],
  "no-endpoint-host": ["fetch-binding-endpoints", "bind-hosts-and-ports-provided"],
  "not-endpoint-host": ["bind-hosts-and-ports-provided"],
  "no-endpoint-ports": ["fetch-binding-endpoints"],
};

/** For each row about bodies: the member is not what the row demands, and, where it has to be there, it is not. */
export const bodyMutants: readonly Mutant[] = BODY_RULES.flatMap((rule) => {
  const [check, wrong] = [checkOf(rule), wrongFor(rule)];
  const isBody = rule.member === "";
  const absent = mutantOf(rule, `no-${check}`, `absent, not ${rule.words}`, undefined);
  const other = mutantOf(rule, `not-${check}`, `not ${rule.words}`, wrong);
  return [...(rule.isRequired && !isBody ? [absent] : []), ...(isBody || wrong !== undefined ? [other] : [])];
});
