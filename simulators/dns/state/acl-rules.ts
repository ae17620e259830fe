import { isObject } from "../../kernel/index.ts";
import { RuleError, RuleReader } from "./acl-rule-reader.ts";

/**
 * The access that a rule grants; a later one outranks an earlier one except that `deny` outranks all (Consul,
 * "ACL Rules").
 */
export type Grant = "deny" | "read" | "list" | "write";

/** One rule of a policy. */
export interface AclRule {
  /** `service`, `key` …; `operator`, `keyring` and `acl` have no names. */
  readonly resource: string;
  readonly name: string;
  readonly isPrefix: boolean;
  readonly grant: Grant;
}

const NAMED = ["agent", "event", "key", "node", "query", "service", "session"];
const isGrant = (text: string): text is Grant => ["deny", "read", "list", "write"].includes(text);

/**
 * Reads the rules of a policy: `service "web" { policy = "write" } operator = "read"`. They may be JSON; those of an unknown kind are skipped, and
 * services have intentions.
 *
 * @throws RuleError
 */
export function readRules(source: string): readonly AclRule[] {
  const text = source.trimStart();
  const blocks = text.startsWith("{") ? jsonBlocks(text) : hclBlocks(source);
  return blocks.flatMap(({ word, name, values }) => blockRules(word, name, values));
}

interface RuleBlock {
  readonly word: string;
  /** Undefined for `word = "access"`. */
  readonly name: string | undefined;
  readonly values: Readonly<Record<string, string>>;
}

function hclBlocks(source: string): readonly RuleBlock[] {
  const reader = new RuleReader(source);
  const blocks: RuleBlock[] = [];
  while (!reader.isAtEnd) blocks.push(hclBlock(reader));
  return blocks;
}

function hclBlock(reader: RuleReader): RuleBlock {
  const word = reader.take().text;
  const next = reader.peekBehind(word);
  if (next.text === "=") {
    const value = reader.peek(1).text;
    reader.skip(2);
    return { word, name: undefined, values: { policy: value } };
  }
  const name = next.kind === "string" ? reader.take().text : "";
  if (reader.peekBehind(word).text !== "{") reader.refuseKey(word, next.at);
  reader.skip(1);
  const values: Record<string, string> = {};
  while (reader.peek().text !== "}") {
    if (reader.peek(1).text === "=") values[reader.peek().text] = reader.peek(2).text;
    reader.skip(reader.peek(1).text === "=" ? 3 : 1);
  }
  reader.skip(1);
  return { word, name, values };
}

/** Rules written as JSON: `{"key": {"a/": {"policy": "read"}}, "operator": "read"}`. */
function jsonBlocks(text: string): readonly RuleBlock[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new RuleError("Failed to parse ACL rules: invalid JSON");
  }
  return Object.entries(isObject(parsed) ? parsed : {}).flatMap(([word, value]): readonly RuleBlock[] => {
    if (typeof value === "string") return [{ word, name: undefined, values: { policy: value } }];
    return Object.entries(isObject(value) ? value : {}).map(([name, inner]) => ({
      word,
      name,
      values: Object.fromEntries(
        Object.entries(isObject(inner) ? inner : {}).map(([key, each]) => [key, String(each)]),
      ),
    }));
  });
}

const UNNAMED_TODAY = ["acl", "keyring", "operator", "mesh", "peering"];

/** How Go prints a rule in a refusal: its type and the member that names it. */
const GO_RULES: Readonly<Record<string, readonly [type: string, member: string, isEnterprise: boolean]>> = {
  agent: ["AgentRule", "Node", false],
  key: ["KeyRule", "Prefix", true],
  node: ["NodeRule", "Name", true],
  service: ["ServiceRule", "Name", true],
  session: ["SessionRule", "Node", false],
  event: ["EventRule", "Event", false],
  query: ["PreparedQueryRule", "Prefix", false],
};

function blockRules(word: string, name: string | undefined, values: RuleBlock["values"]): readonly AclRule[] {
  const grant = values.policy ?? "";
  if (name === undefined) {
    if (!UNNAMED_TODAY.includes(word)) return [];
    if (!isGrant(grant) || grant === "list") throw new RuleError(`Invalid ${word} policy: "${grant}"`);
    return [{ resource: word, name: "", isPrefix: true, grant }];
  }
  const isPrefix = word.endsWith("_prefix");
  const resource = isPrefix ? word.slice(0, -"_prefix".length) : word;
  if (!NAMED.includes(resource)) return [];
  const takesList = resource === "key";
  if (!isGrant(grant) || (grant === "list" && !takesList))
    throw new RuleError(`Invalid ${word} policy: ${goRule(resource, name, values)}`);
  const rule: AclRule = { resource, name, isPrefix, grant };
  if (resource !== "service") return [rule];
  const { intentions = grant === "read" || grant === "write" ? "read" : "deny" } = values;
  if (!isGrant(intentions) || intentions === "list")
    throw new RuleError(`Invalid ${word} intentions policy: ${goRule(resource, name, values)}`);
  return [rule, { resource: "intention", name, isPrefix, grant: intentions }];
}

function goRule(resource: string, name: string, { policy = "", intentions = "" }: RuleBlock["values"]): string {
  const [type, member, isEnterprise] = GO_RULES[resource] ?? ["Rule", "Name", false];
  const more = [
    ...(resource === "service" ? [`Intentions:"${intentions}"`] : []),
    ...(isEnterprise ? ["EnterpriseRule:acl.EnterpriseRule{}"] : []),
  ];
  return `&acl.${type}{${[`${member}:"${name}"`, `Policy:"${policy}"`, ...more].join(", ")}}`;
}

/** The holder of these rights. */
export interface Holder {
  /** Accessor of the token. */
  readonly accessor: string;
  readonly isAnonymous: boolean;
}
