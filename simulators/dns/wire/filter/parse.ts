import { type Parsed, Peg } from "./peg.ts";
import { unquote } from "./unquote.ts";

export { FAILED, FilterError } from "./peg.ts";

/** How a selected value is compared. */
export type Operator = "equal" | "in" | "empty" | "matches";
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

interface Comparison {
  readonly operator: Operator;
  readonly negated: boolean;
  /** Its words, or its sign. */
  readonly words: readonly string[];
}

/** Operators between a selector and a value, in the order in which they are tried. */
const WITH_VALUE: readonly Comparison[] = [
  { operator: "equal", negated: false, words: ["=="] },
  { operator: "equal", negated: true, words: ["!="] },
  { operator: "in", negated: false, words: ["contains"] },
  { operator: "in", negated: true, words: ["not", "contains"] },
  { operator: "matches", negated: false, words: ["matches"] },
  { operator: "matches", negated: true, words: ["not", "matches"] },
];
/** Operators behind a selector. */
const WITHOUT_VALUE: readonly Comparison[] = [
  { operator: "empty", negated: false, words: ["is", "empty"] },
  { operator: "empty", negated: true, words: ["is", "not", "empty"] },
];
/** Operators between a value and a selector. */
const BEFORE_SELECTOR: readonly Comparison[] = [
  { operator: "in", negated: false, words: ["in"] },
  { operator: "in", negated: true, words: ["not", "in"] },
];

/** Reads an expression. @throws FilterError */
export const parseFilter = (source: string): FilterNode => new FilterGrammar(source).read();

/** The grammar of Consul's filter language (go-bexpr 0.1). */
class FilterGrammar extends Peg {
  read(): FilterNode {
    return this.whole(
      () =>
        this.attempt(() => {
          this.#space();
          if (!this.literal("(")) return undefined;
          this.#space();
          const inner = this.#or();
          this.#space();
          return inner !== undefined && this.literal(")") && this.#ends() ? inner : undefined;
        }) ??
        this.attempt(() => {
          this.#space();
          const node = this.#or();
          return node !== undefined && this.#ends() ? node : undefined;
        }),
    );
  }

  #ends(): boolean {
    this.#space();
    return this.#end();
  }

  #end(): boolean {
    return this.absent(() => this.any());
  }

  #space(): boolean {
    const blank = (): Parsed<true> => (this.oneOf(/[ \t\r\n]/, "[ \\t\\r\\n]") ? { value: true } : undefined);
    return (
      this.rule("space", '"whitespace"', () => {
        if (blank() === undefined) return undefined;
        while (blank() !== undefined);
        return { value: true };
      }) !== undefined
    );
  }

  #or(): Parsed<FilterNode> {
    return this.rule("or", "OrExpression", () =>
      this.#binary(
        "or",
        () => this.#and(),
        () => this.#or(),
      ),
    );
  }

  #and(): Parsed<FilterNode> {
    return this.rule("and", "AndExpression", () =>
      this.#binary(
        "and",
        () => this.#not(),
        () => this.#and(),
      ),
    );
  }

  #binary(kind: "and" | "or", first: () => Parsed<FilterNode>, rest: () => Parsed<FilterNode>): Parsed<FilterNode> {
    const both = this.attempt((): Parsed<FilterNode> => {
      const left = first();
      if (left === undefined || !this.#space() || !this.literal(kind) || !this.#space()) return undefined;
      const right = rest();
      return right && { value: { kind, left: left.value, right: right.value } };
    });
    return both ?? first();
  }

  #not(): Parsed<FilterNode> {
    return this.rule("not", "NotExpression", () => {
      const negated = this.attempt((): Parsed<FilterNode> => {
        if (!this.literal("not") || !this.#space()) return undefined;
        const inner = this.#not();
        return inner && { value: inner.value.kind === "not" ? inner.value.inner : { kind: "not", inner: inner.value } };
      });
      return negated ?? this.#grouping();
    });
  }

  #grouping(): Parsed<FilterNode> {
    return this.rule("grouping", '"grouping"', () => {
      const open = (): Parsed<FilterNode> => {
        if (!this.literal("(")) return undefined;
        this.#space();
        const inner = this.#or();
        if (inner !== undefined) this.#space();
        return inner;
      };
      const group = this.attempt(() => {
        const inner = open();
        return inner !== undefined && this.literal(")") ? inner : undefined;
      });
      if (group !== undefined) return group;
      const match = this.#match();
      if (match !== undefined) return match;
      const inner = open();
      if (inner !== undefined && this.absent(() => this.literal(")"))) this.refuse("Unmatched parentheses");
      return undefined;
    });
  }

  #match(): Parsed<FilterNode> {
    return this.rule(
      "match",
      '"match"',
      () =>
        this.#comparison("selector operator value", WITH_VALUE, true) ??
        this.#comparison("selector operator", WITHOUT_VALUE, false) ??
        this.#membership(),
    );
  }

  #comparison(name: string, comparisons: readonly Comparison[], hasValue: boolean): Parsed<FilterNode> {
    return this.rule(name, '"match"', () => {
      const selector = this.#selector();
      const found = selector && this.#operator(comparisons);
      if (selector === undefined || found === undefined) return undefined;
      const { operator, negated } = found;
      const value = hasValue ? this.#value() : { value: "" };
      return value && { value: { kind: "match", selector: selector.value, operator, negated, value: value.value } };
    });
  }

  #membership(): Parsed<FilterNode> {
    return this.rule("value operator selector", '"match"', () => {
      const value = this.#value();
      const found = value && this.#operator(BEFORE_SELECTOR);
      if (value === undefined || found === undefined) return undefined;
      const selector = this.#selector();
      const { operator, negated } = found;
      if (selector !== undefined)
        return { value: { kind: "match", selector: selector.value, operator, negated, value: value.value } };
      if (this.absent(() => this.#selector())) this.refuse("Invalid selector");
      return undefined;
    });
  }

  #operator(comparisons: readonly Comparison[]): Comparison | undefined {
    return comparisons.find(
      (each) => this.attempt(() => (this.#words(each) ? { value: true } : undefined)) !== undefined,
    );
  }

  #words({ operator, words }: Comparison): boolean {
    if (operator === "equal") {
      this.#space();
      const found = words.every((sign) => this.literal(sign));
      if (found) this.#space();
      return found;
    }
    return words.every((word) => this.#space() && this.literal(word)) && (operator === "empty" || this.#space());
  }

  #selector(): Parsed<readonly string[]> {
    return this.rule("selector", '"selector"', () => {
      const first = this.#identifier();
      if (first === undefined) return undefined;
      const parts = [first.value];
      for (let next = this.#part(); next !== undefined; next = this.#part()) parts.push(next.value);
      return { value: parts };
    });
  }

  #identifier(): Parsed<string> {
    const start = this.at;
    if (!this.oneOf(/[a-zA-Z]/, "[a-zA-Z]")) return undefined;
    while (this.oneOf(/[a-zA-Z0-9_]/, "[a-zA-Z0-9_]"));
    return { value: this.from(start) };
  }

  #part(): Parsed<string> {
    return this.attempt(() => (this.literal(".") ? this.#identifier() : undefined)) ?? this.#index();
  }

  #index(): Parsed<string> {
    return this.rule("index", '"index"', () => {
      const open = (): boolean => {
        if (!this.literal("[")) return false;
        this.#space();
        return true;
      };
      const whole = this.attempt(() => {
        const key = open() ? this.#string() : undefined;
        if (key !== undefined) this.#space();
        return key !== undefined && this.literal("]") ? key : undefined;
      });
      if (whole !== undefined) return whole;
      const refused = this.attempt(() => {
        if (open() && this.absent(() => this.#string())) this.refuse("Invalid index");
        return undefined;
      });
      if (refused === undefined && open() && this.#string() !== undefined) {
        this.#space();
        if (this.absent(() => this.literal("]"))) this.refuse("Unclosed index expression");
      }
      return undefined;
    });
  }

  #value(): Parsed<string> {
    return this.rule("value", '"value"', () => {
      const selector = this.#selector();
      if (selector !== undefined) return { value: selector.value.join(".") };
      return this.#number() ?? this.#string();
    });
  }

  #number(): Parsed<string> {
    return this.rule("number", '"number"', () => {
      const start = this.at;
      const digits = (): boolean => {
        this.literal("-");
        if (this.literal("0")) return this.#fraction();
        if (!this.oneOf(/[1-9]/, "[1-9]")) return false;
        while (this.oneOf(/[0-9]/, "[0-9]"));
        return this.#fraction();
      };
      const whole = this.attempt(() => (digits() && this.#endsNumber() ? { value: this.from(start) } : undefined));
      if (whole !== undefined) return whole;
      if (digits() && this.absent(() => this.#endsNumber())) this.refuse("Invalid number literal");
      return undefined;
    });
  }

  /** What may follow whole digits; always true. */
  #fraction(): boolean {
    this.attempt(() => {
      if (!this.literal(".") || !this.oneOf(/[0-9]/, "[0-9]")) return undefined;
      while (this.oneOf(/[0-9]/, "[0-9]"));
      return { value: true };
    });
    return true;
  }

  #endsNumber(): boolean {
    const from = this.at;
    const found = this.#space() || this.#end() || this.literal(")");
    this.at = from;
    return found;
  }

  #string(): Parsed<string> {
    return this.rule("string", '"string"', () => {
      const start = this.at;
      const body = (quote: string): boolean => {
        if (!this.literal(quote)) return false;
        while (this.absent(() => this.literal(quote)) && this.any());
        return true;
      };
      for (const quote of ["`", '"']) {
        const closed = this.attempt(() => (body(quote) && this.literal(quote) ? { value: true } : undefined));
        if (closed === undefined) continue;
        const text = unquote(this.from(start));
        if (text === undefined) this.refuse("invalid syntax", start);
        return { value: text ?? "" };
      }
      for (const quote of ["`", '"'])
        this.attempt(() => {
          if (body(quote) && this.#end()) this.refuse("Unterminated string literal");
          return undefined;
        });
      return undefined;
    });
  }
}
