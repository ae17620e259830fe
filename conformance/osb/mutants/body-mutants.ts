import { isArray, isObject, type Json, type JsonObject } from "../../http/json.ts";
import { BODY_RULES, type BodyRule, fits } from "../bodies.ts";
import { alter, type Mutant, mutant } from "./mutant.ts";
import { jsonOf } from "./wire.ts";

/** Values that some schema refuses; undefined stands for taking the member away. */
const WRONG: readonly (Json | undefined)[] = [
  undefined,
  5,
  "",
  "not right",
  [5],
  { labels: 5 },
  { version: "1" },
  { a: 5 },
  "x".repeat(10_001),
];

/** A value that breaks the row, and as little else as may be. */
function wrongFor(rule: BodyRule): Json | undefined {
  if (rule.id?.endsWith("-fraction")) return "2999-01-02T03:04:05Z";
  if (rule.id === "bind-route-service-url-https") return "http://proxy.example.com/";
  if (rule.id === "metadata-labels-strings") return { owner: 5 };
  if (rule.schema["maxLength"] !== undefined && rule.schema["type"] === undefined) return "x".repeat(10_001);
  if (rule.isRequired && rule.member !== "") return undefined;
  return WRONG.find((value) => value !== undefined && !fits(rule.schema, value));
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

/** Which service a member belongs to, told by what stands beside it: only there is it planted. */
const BESIDE: Readonly<Record<string, string>> = {
  credentials: "credentials",
  syslog_drain_url: "syslog_drain_url",
  route_service_url: "route_service_url",
};

function mutantOf(rule: BodyRule): Mutant {
  const check = rule.id ?? rule.clauses[0] ?? "";
  const to = wrongFor(rule);
  const isAsync =
    rule.status.every((status) => status === 202) || rule.on.some((operation) => operation.startsWith("poll-"));
  const beside = BESIDE[rule.member];
  const change = alter(
    rule.on,
    (status) => rule.status.includes(status),
    (response) => {
      const body = jsonOf(response);
      if (rule.member === "") return { ...response, text: "[]" };
      if (beside !== undefined && body[beside] === undefined) return response;
      return { ...response, text: JSON.stringify(changed(body, rule.at, rule.member, to)) };
    },
  );
  const where = [...rule.at, rule.member].join(".") || "the body";
  const what = `${where} of ${rule.on.join(", ")} is not ${rule.words}.`;
  return mutant(check, what, change, {
    mode: isAsync ? "async" : "sync",
    minor: rule.until ?? 17,
    also: ["broker-well-formed-success-bodies", ...(FOLLOWS[check] ?? [])],
  });
}

/** What else is bound to notice, by the check that the row belongs to. */
const FOLLOWS: Readonly<Record<string, readonly string[]>> = {};

/** One mutant for each row about bodies: the member is not what the row demands. */
export const bodyMutants: readonly Mutant[] = BODY_RULES.map(mutantOf);
