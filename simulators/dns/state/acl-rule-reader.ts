import { Refusal } from "../wire/refusal.ts";

/** Rules that can't be read; the message is Consul's, or close to it. */
export class RuleError extends Refusal {}

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
  const past = Math.max(0, at - source.length);
  return `${before.length}:${(before.at(-1) ?? "").length + past + 1}`;
}

/** The tokens of a policy, one after the other. */
export class RuleReader {
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

  /** The next token behind a key. @throws RuleError at the end */
  peekBehind(key: string): RuleToken {
    return this.#tokens[this.#at] ?? this.refuseKey(key, this.#end);
  }

  /** Refuses a key that begins neither a block nor an assignment. */
  refuseKey(key: string, at: number): never {
    return this.refuse(at, `key '${key}' expected start of object ('{') or assignment ('=')`);
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
  get #end(): number {
    return this.#source.length + 1;
  }

  #refuseEnd(): never {
    return this.refuse(this.#end, "object expected closing RBRACE got: EOF");
  }
}
