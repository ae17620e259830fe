import { Refusal } from "../wire/refusal.ts";
/** What a rule grants; a later one outranks an earlier one except that `deny` outranks all (Consul, "ACL Rules"). */
export type Grant = "deny" | "read" | "list" | "write";

export interface AclRule {
  /** `service`, `key` …; `operator`, `keyring` and `acl` have no names. */
  readonly resource: string;
  readonly name: string;
  readonly isPrefix: boolean;
  readonly grant: Grant;
}

const NAMED = ["agent", "event", "key", "node", "query", "service", "session"];
const UNNAMED = ["acl", "keyring", "operator"];
const GRANTS: readonly string[] = ["deny", "read", "list", "write"];

/** Rules that can't be read; the message is Consul's, or the nearest to it. */
class RuleError extends Refusal {}

interface RuleToken {
  readonly text: string;
  readonly kind: "word" | "string" | "sign";
  readonly at: number;
}

function tokensOf(source: string): readonly RuleToken[] {
  const pattern = /\s+|#[^\n]*|\/\/[^\n]*|"((?:[^"\\]|\\.)*)"|([A-Za-z_][\w-]*)|([{}=,])|(.)/g;
  const tokens: RuleToken[] = [];
  for (const match of source.matchAll(pattern)) {
    const [, string, word, sign, other] = match;
    const at = match.index;
    if (other !== undefined)
      throw new RuleError(`Failed to parse ACL rules: At ${position(source, at)}: illegal character`);
    if (string !== undefined) tokens.push({ text: string.replace(/\\(.)/g, "$1"), kind: "string", at });
    else if (word !== undefined) tokens.push({ text: word, kind: "word", at });
    else if (sign !== undefined) tokens.push({ text: sign, kind: "sign", at });
  }
  return tokens;
}

function position(source: string, at: number): string {
  const before = source.slice(0, at).split("\n");
  return `${before.length}:${(before.at(-1) as string).length + 1}`;
}

/** Reads the rules of a policy: `service "web" { policy = "write" } operator = "read"`. @throws RuleError */
export function readRules(source: string): readonly AclRule[] {
  const tokens = tokensOf(source);
  const rules: AclRule[] = [];
  // The scanner of HCL stands two columns past the last character when it has met the end.
  const end = (): never => {
    throw new RuleError(
      `Failed to parse ACL rules: At ${position(source, source.length + 1)}: object expected closing RBRACE got: EOF`.replace(
        /:(\d+):/,
        (_whole, column: string) => `:${Number(column) + 1}:`,
      ),
    );
  };
  for (let at = 0; at < tokens.length; ) {
    const resource = (tokens[at++] as RuleToken).text;
    const next = tokens[at] ?? end();
    if (next.text === "=") {
      rules.push(unnamedRule(resource, (tokens[at + 1] ?? end()).text));
      at += 2;
      continue;
    }
    const name = next.kind === "string" ? tokens[at++]?.text : undefined;
    if ((tokens[at] ?? end()).text !== "{")
      throw new RuleError(
        `Failed to parse ACL rules: At ${position(source, next.at)}: key '${resource}' expected start of object ('{') or assignment ('=')`,
      );
    at++;
    let grant: string | undefined;
    while ((tokens[at] ?? end()).text !== "}") {
      if ((tokens[at] as RuleToken).text === "policy") grant = (tokens[at + 2] ?? end()).text;
      at += (tokens[at + 1] ?? end()).text === "=" ? 3 : 1;
    }
    at++;
    rules.push(namedRule(resource, name ?? "", grant ?? ""));
  }
  return rules;
}

function unnamedRule(resource: string, grant: string): AclRule {
  if (!UNNAMED.includes(resource) || !GRANTS.includes(grant))
    throw new RuleError(`Failed to parse ACL rules: Invalid ${resource} policy: ${grant}`);
  return { resource, name: "", isPrefix: true, grant: grant as Grant };
}

function namedRule(word: string, name: string, grant: string): AclRule {
  const isPrefix = word.endsWith("_prefix");
  const resource = isPrefix ? word.slice(0, -"_prefix".length) : word;
  if (!NAMED.includes(resource)) throw new RuleError(`Failed to parse ACL rules: Invalid rule: ${word}`);
  if (!GRANTS.includes(grant))
    throw new RuleError(`Invalid ${word} policy: structs.${resource}{Name:"${name}", Policy:"${grant}"}`);
  return { resource, name, isPrefix, grant: grant as Grant };
}

const RANK: Readonly<Record<Grant, number>> = { read: 1, list: 2, write: 3, deny: 4 };
const strongest = (rules: readonly AclRule[]): Grant | undefined =>
  rules.map(({ grant }) => grant).sort((a, b) => RANK[b] - RANK[a])[0];

/** Decides what a token may do: an exact rule, else the longest prefix, else the default. */
export class Authorizer {
  readonly #rules: readonly AclRule[];
  readonly #default: Grant;

  constructor(rules: readonly AclRule[], byDefault: Grant) {
    this.#rules = rules;
    this.#default = byDefault;
  }

  #grant(resource: string, name: string): Grant {
    const rules = this.#rules.filter((rule) => rule.resource === resource);
    const exact = strongest(rules.filter((rule) => !rule.isPrefix && rule.name === name));
    if (exact !== undefined) return exact;
    const prefixes = rules.filter((rule) => rule.isPrefix && name.startsWith(rule.name));
    const longest = Math.max(0, ...prefixes.map((rule) => rule.name.length));
    return strongest(prefixes.filter((rule) => rule.name.length === longest)) ?? this.#default;
  }

  reads(resource: string, name = ""): boolean {
    return this.#grant(resource, name) !== "deny";
  }

  writes(resource: string, name = ""): boolean {
    return this.#grant(resource, name) === "write";
  }

  /** May everything under a prefix of keys be written? */
  writesUnder(prefix: string): boolean {
    const inside = this.#rules.filter(({ resource, name }) => resource === "key" && name.startsWith(prefix));
    return this.writes("key", prefix) && inside.every(({ grant }) => grant === "write");
  }
}

export const ALLOW_ALL = new Authorizer([], "write");
