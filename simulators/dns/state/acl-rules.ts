import { Refusal } from "../wire/refusal.ts";

/** What a rule grants; a later one outranks an earlier one except that `deny` outranks all (Consul, "ACL Rules"). */
type Grant = "deny" | "read" | "list" | "write";

/** One rule of a policy. */
interface AclRule {
  /** `service`, `key` …; `operator`, `keyring` and `acl` have no names. */
  readonly resource: string;
  readonly name: string;
  readonly isPrefix: boolean;
  readonly grant: Grant;
}

const NAMED = ["agent", "event", "key", "node", "query", "service", "session"];
const UNNAMED = ["acl", "keyring", "operator"];
const isGrant = (text: string): text is Grant => ["deny", "read", "list", "write"].includes(text);

/** Rules that can't be read; the message is Consul's, or close to it. */
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
  return `${before.length}:${(before.at(-1) ?? "").length + 1}`;
}

/** Reads the rules of a policy: `service "web" { policy = "write" } operator = "read"`. @throws RuleError */
export function readRules(source: string): readonly AclRule[] {
  const reader = new RuleReader(source);
  const rules: AclRule[] = [];
  while (!reader.isAtEnd) rules.push(readRule(reader));
  return rules;
}

/** The tokens of a policy, one after the other. */
class RuleReader {
  readonly #source: string;
  readonly #tokens: readonly RuleToken[];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokensOf(source);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** The next token. @throws RuleError at the end */
  peek(ahead = 0): RuleToken {
    return this.#tokens[this.#at + ahead] ?? this.#refuseEnd();
  }

  take(): RuleToken {
    const token = this.peek();
    this.#at++;
    return token;
  }

  skip(count: number): void {
    this.#at += count;
  }

  refuse(at: number, why: string): never {
    throw new RuleError(`Failed to parse ACL rules: At ${position(this.#source, at)}: ${why}`);
  }

  /** At the end, the scanner of HCL stands two columns past the last character. */
  #refuseEnd(): never {
    const [line = "", column = "0"] = position(this.#source, this.#source.length + 1).split(":");
    const at = `${line}:${Number(column) + 1}`;
    throw new RuleError(`Failed to parse ACL rules: At ${at}: object expected closing RBRACE got: EOF`);
  }
}

function readRule(reader: RuleReader): AclRule {
  const resource = reader.take().text;
  const next = reader.peek();
  if (next.text === "=") {
    const grant = reader.peek(1).text;
    reader.skip(2);
    return unnamedRule(resource, grant);
  }
  const name = next.kind === "string" ? reader.take().text : "";
  if (reader.peek().text !== "{")
    reader.refuse(next.at, `key '${resource}' expected start of object ('{') or assignment ('=')`);
  reader.skip(1);
  const grant = readGrant(reader);
  reader.skip(1);
  return namedRule(resource, name, grant);
}

/** What `policy` says in the block that ends at the next `}`; empty when it says nothing. */
function readGrant(reader: RuleReader): string {
  let grant = "";
  while (reader.peek().text !== "}") {
    if (reader.peek().text === "policy") grant = reader.peek(2).text;
    reader.skip(reader.peek(1).text === "=" ? 3 : 1);
  }
  return grant;
}

function unnamedRule(resource: string, grant: string): AclRule {
  if (!UNNAMED.includes(resource) || !isGrant(grant))
    throw new RuleError(`Failed to parse ACL rules: Invalid ${resource} policy: ${grant}`);
  return { resource, name: "", isPrefix: true, grant };
}

function namedRule(word: string, name: string, grant: string): AclRule {
  const isPrefix = word.endsWith("_prefix");
  const resource = isPrefix ? word.slice(0, -"_prefix".length) : word;
  if (!NAMED.includes(resource)) throw new RuleError(`Failed to parse ACL rules: Invalid rule: ${word}`);
  if (!isGrant(grant))
    throw new RuleError(`Invalid ${word} policy: structs.${resource}{Name:"${name}", Policy:"${grant}"}`);
  return { resource, name, isPrefix, grant };
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

  /** Whether everything under a prefix of keys may be written. */
  writesUnder(prefix: string): boolean {
    const inside = this.#rules.filter(({ resource, name }) => resource === "key" && name.startsWith(prefix));
    return this.writes("key", prefix) && inside.every(({ grant }) => grant === "write");
  }
}

/** Everybody's rights while ACLs are off. */
export const ALLOW_ALL = new Authorizer([], "write");
