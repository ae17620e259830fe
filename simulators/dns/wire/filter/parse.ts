import { Refusal } from "../refusal.ts";

/** An expression that is refused; the message is that of Consul's filter language. */
export class FilterError extends Refusal {}

type Operator = "equal" | "in" | "empty" | "matches";
/** A parsed expression. */
export type FilterNode =
  | { readonly kind: "and" | "or"; readonly left: FilterNode; readonly right: FilterNode }
  | { readonly kind: "not"; readonly inner: FilterNode }
  | {
      readonly kind: "match";
      readonly selector: readonly string[];
      readonly operator: Operator;
      readonly negated: boolean;
      readonly value: string;
    };

const PARTS_MAX = 3000;
/** How every refusal begins. */
export const FAILED = "Failed to create boolean expression evaluator: ";
const VALUE_START = '"-", "0", "\\"", "`", [ \\t\\r\\n], [1-9] or [a-zA-Z]';
const EXPRESSION_START = '"(", "-", "0", "\\"", "`", "not", [ \\t\\r\\n], [1-9] or [a-zA-Z]';

/** Operators after a selector, in the order in which they are tried. */
const COMPARISONS: readonly { readonly pattern: RegExp; readonly operator: Operator; readonly negated: boolean }[] = [
  { pattern: /\s*==\s*/, operator: "equal", negated: false },
  { pattern: /\s*!=\s*/, operator: "equal", negated: true },
  { pattern: /\s+is\s+not\s+empty/, operator: "empty", negated: true },
  { pattern: /\s+is\s+empty/, operator: "empty", negated: false },
  { pattern: /\s+not\s+contains\s+/, operator: "in", negated: true },
  { pattern: /\s+contains\s+/, operator: "in", negated: false },
  { pattern: /\s+not\s+matches\s+/, operator: "matches", negated: true },
  { pattern: /\s+matches\s+/, operator: "matches", negated: false },
];
/** Operators before a selector. */
const MEMBERSHIPS: readonly { readonly pattern: RegExp; readonly negated: boolean }[] = [
  { pattern: /\s+not\s+in\s+/, negated: true },
  { pattern: /\s+in\s+/, negated: false },
];

/** Reads an expression. @throws FilterError */
export const parseFilter = (source: string): FilterNode => new FilterParser(source).whole();

interface FilterValue {
  readonly text: string;
  /** Its segments, if it can be a selector. */
  readonly selector: readonly string[] | undefined;
}

class FilterParser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  whole(): FilterNode {
    const node = this.#or();
    this.#space();
    if (this.#at < this.#source.length) this.#fail(`"and", "or", [ \\t\\r\\n] or EOF`);
    return node;
  }

  #fail(expected: string, at = this.#at): never {
    throw new FilterError(`${FAILED}${place(at)}: no match found, expected: ${expected}`);
  }

  #space(): void {
    while (/\s/.test(this.#source[this.#at] ?? "")) this.#at++;
  }

  #word(pattern: RegExp): boolean {
    const sticky = new RegExp(pattern.source, "y");
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#source);
    if (match === null) return false;
    this.#at += match[0].length;
    return true;
  }

  /** How deep brackets, negations and parts may nest; each level is a call. */
  #enter(): void {
    if (++this.#depth > PARTS_MAX) throw new FilterError(`${FAILED}${place(this.#at)}: over ${PARTS_MAX} parts`);
  }

  #or(): FilterNode {
    this.#enter();
    const left = this.#and();
    return this.#word(/\s+or\s+/) ? { kind: "or", left, right: this.#or() } : left;
  }

  #and(): FilterNode {
    this.#enter();
    const left = this.#not();
    return this.#word(/\s+and\s+/) ? { kind: "and", left, right: this.#and() } : left;
  }

  #not(): FilterNode {
    this.#enter();
    this.#space();
    if (this.#word(/not\s+/)) return { kind: "not", inner: this.#not() };
    if (!this.#word(/\(/)) return this.#match();
    const inner = this.#or();
    this.#space();
    if (!this.#word(/\)/) && this.#at === this.#source.length)
      throw new FilterError(`${FAILED}${place(this.#at)}: rule "grouping": Unmatched parentheses`);
    if (this.#source[this.#at - 1] !== ")") this.#fail('")", "and", "or" or [ \\t\\r\\n]');
    return inner;
  }

  #match(): FilterNode {
    const start = this.#at;
    const left = this.#value() ?? this.#fail(EXPRESSION_START);
    const isQuoted = this.#source[start] === '"' || this.#source[start] === "`";
    if (isQuoted && !/^\s+(?:not\s+)?in\s/.test(this.#source.slice(this.#at)))
      this.#fail('"in", "not" or [ \\t\\r\\n]', this.#at + spaces(this.#source, this.#at));
    for (const { pattern, operator, negated } of COMPARISONS)
      if (this.#word(pattern))
        return operator === "empty"
          ? { kind: "match", selector: this.#selector(left, start), operator, negated, value: "" }
          : this.#compare(left, start, operator, negated);
    for (const { pattern, negated } of MEMBERSHIPS) if (this.#word(pattern)) return this.#membership(left, negated);
    this.#space();
    return this.#fail('"!=", "==", "contains", "in", "is", "matches", "not" or [ \\t\\r\\n]');
  }

  #compare(left: FilterValue, start: number, operator: Operator, negated: boolean): FilterNode {
    const value = this.#value() ?? this.#fail(VALUE_START);
    return { kind: "match", selector: this.#selector(left, start), operator, negated, value: value.text };
  }

  #membership(left: FilterValue, negated: boolean): FilterNode {
    const start = this.#at;
    const right = this.#value();
    if (right?.selector === undefined)
      throw new FilterError(`${FAILED}${place(start)}: rule "match": Invalid selector`);
    return { kind: "match", selector: right.selector, operator: "in", negated, value: left.text };
  }

  #selector(value: FilterValue, start: number): readonly string[] {
    if (value.selector === undefined) throw new FilterError(`${FAILED}${place(start)}: rule "match": Invalid selector`);
    return value.selector;
  }

  #value(): FilterValue | undefined {
    const pattern =
      /"((?:[^"\\]|\\.)*)"|`([^`]*)`|(-?(?:0|[1-9]\d*)(?:\.\d+)?)|([a-zA-Z][a-zA-Z0-9_/]*(?:\.[a-zA-Z][a-zA-Z0-9_/]*|\["[^"]*"\])*)/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (match === null) return undefined;
    this.#at += match[0].length;
    const [, quoted, raw, number, selector] = match;
    if (selector === undefined)
      return { text: quoted?.replace(/\\(.)/g, "$1") ?? raw ?? number ?? "", selector: undefined };
    const parts = [...selector.matchAll(/([a-zA-Z][a-zA-Z0-9_/]*)|\["([^"]*)"\]/g)];
    return { text: selector, selector: parts.map(([, name, key]) => name ?? key ?? "") };
  }
}

/** How many blanks there are here. */
const spaces = (text: string, at: number): number => /^\s*/.exec(text.slice(at))?.[0].length ?? 0;

const place = (at: number): string => `1:${at + 1} (${at})`;
