import { Refusal } from "../refusal.ts";

/** An expression that is refused; the message is that of Consul's filter language. */
export class FilterError extends Refusal {}

/** How every refusal begins. */
export const FAILED = "Failed to create boolean expression evaluator: ";
/** How deep rules may lie within one another; each takes several calls. */
const DEPTH_MAX = 1000;

/** What a rule has made of the text; undefined where it does not match. */
export type Parsed<T> = { readonly value: T } | undefined;

/**
 * The machinery of a parsing expression grammar, with the errors of the generator that Consul's filter language is made with: where
 * nothing matches, it lists what could have stood at the farthest place that any rule has reached. What a rule has made of a place is
 * remembered, so that trying alternatives costs no more than reading once.
 */
export class Peg {
  readonly #source: string;
  readonly #rules: string[] = [];
  readonly #refusals = new Set<string>();
  readonly #expected = new Set<string>();
  #farthest = 0;
  #isInverted = false;
  protected at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Reads the whole text by a rule. @throws FilterError */
  protected whole<T>(rule: () => Parsed<T>): T {
    const parsed = rule();
    if (parsed === undefined && this.#refusals.size === 0) {
      const isEnd = this.#expected.delete("!.");
      const expected = [...[...this.#expected].sort(), ...(isEnd ? ["EOF"] : [])];
      const last = expected.pop() ?? "";
      const list = expected.length === 0 ? last : `${expected.join(", ")} or ${last}`;
      throw new FilterError(`${FAILED}${this.#place(this.#farthest)}: no match found, expected: ${list}`);
    }
    if (this.#refusals.size > 0 || parsed === undefined) throw new FilterError(FAILED + [...this.#refusals].join("\n"));
    return parsed.value;
  }

  /** Makes a rule, which reads each place once. `shown` is its name in errors. */
  protected define<T>(shown: string, read: () => Parsed<T>): () => Parsed<T> {
    const remembered = new Map<string, { readonly parsed: Parsed<T>; readonly at: number }>();
    return () => {
      const key = `${this.at} ${this.#isInverted}`;
      const known = remembered.get(key);
      if (known !== undefined) {
        this.at = known.at;
        return known.parsed;
      }
      if (this.#rules.length > DEPTH_MAX)
        throw new FilterError(`${FAILED}${this.#place(this.at)}: the expression is too deep`);
      this.#rules.push(shown);
      const parsed = this.attempt(read);
      this.#rules.pop();
      remembered.set(key, { parsed, at: this.at });
      return parsed;
    };
  }

  /** What a reading makes of the text here; where it does not match, nothing is consumed. */
  protected attempt<T>(read: () => Parsed<T>): Parsed<T> {
    const from = this.at;
    const parsed = read();
    if (parsed === undefined) this.at = from;
    return parsed;
  }

  /** Whether something does not follow; nothing is consumed. */
  protected absent(read: () => unknown): boolean {
    const from = this.at;
    this.#isInverted = !this.#isInverted;
    const found = read();
    this.#isInverted = !this.#isInverted;
    this.at = from;
    return found === undefined || found === false;
  }

  /** A literal text. */
  protected literal(text: string): boolean {
    const found = this.#source.startsWith(text, this.at);
    return this.#note(found, JSON.stringify(text), text.length);
  }

  /** One character of a class, written as in the grammar. */
  protected oneOf(pattern: RegExp, shown: string): boolean {
    const character = this.#source[this.at];
    return this.#note(character !== undefined && pattern.test(character), shown, 1);
  }

  /** Any character. */
  protected any(): boolean {
    return this.#note(this.at < this.#source.length, ".", 1);
  }

  /** The text from a place to here. */
  protected from(start: number): string {
    return this.#source.slice(start, this.at);
  }

  /** Refuses the expression, whatever else may match. */
  protected refuse(why: string, at = this.at): void {
    this.#refusals.add(`${this.#place(at)}: rule ${this.#rules.at(-1)}: ${why}`);
  }

  #note(found: boolean, shown: string, length: number): boolean {
    if (found === this.#isInverted && this.at >= this.#farthest) {
      if (this.at > this.#farthest) this.#expected.clear();
      this.#farthest = this.at;
      this.#expected.add(this.#isInverted ? `!${shown}` : shown);
    }
    if (found) this.at += length;
    return found;
  }

  /** Line, column in characters, and offset in bytes. */
  #place(at: number): string {
    const before = this.#source.slice(0, at);
    const lines = before.split("\n");
    // A line break is column 0 of the line that it begins.
    const column = Array.from(lines.at(-1) ?? "").length + 1;
    const isBreak = this.#source[at] === "\n";
    return `${lines.length + (isBreak ? 1 : 0)}:${isBreak ? 0 : lines.length > 1 ? column : column} (${Buffer.byteLength(before)})`;
  }
}
