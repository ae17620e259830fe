import type { Parsed } from "./peg.ts";
import { FilterWords } from "./words.ts";

export { FAILED, FilterError } from "./peg.ts";

/** How a selected value is compared. */
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
class FilterGrammar extends FilterWords {
  readonly #withValue = this.#comparison(WITH_VALUE, true);
  readonly #withoutValue = this.#comparison(WITHOUT_VALUE, false);

  read(): FilterNode {
    return this.whole(
      () =>
        this.attempt(() => {
          this.space();
          if (!this.literal("(")) return undefined;
          this.space();
          const inner = this.#or();
          this.space();
          return inner !== undefined && this.literal(")") && this.ends() ? inner : undefined;
        }) ??
        this.attempt(() => {
          this.space();
          const node = this.#or();
          return node !== undefined && this.ends() ? node : undefined;
        }),
    );
  }

  readonly #or: () => Parsed<FilterNode> = this.define("OrExpression", () =>
    this.#binary(
      "or",
      () => this.#and(),
      () => this.#or(),
    ),
  );

  readonly #and: () => Parsed<FilterNode> = this.define("AndExpression", () =>
    this.#binary(
      "and",
      () => this.#not(),
      () => this.#and(),
    ),
  );

  #binary(kind: "and" | "or", first: () => Parsed<FilterNode>, rest: () => Parsed<FilterNode>): Parsed<FilterNode> {
    const both = this.attempt((): Parsed<FilterNode> => {
      const left = first();
      if (left === undefined || !this.space() || !this.literal(kind) || !this.space()) return undefined;
      const right = rest();
      return right && { value: { kind, left: left.value, right: right.value } };
    });
    return both ?? first();
  }

  readonly #not: () => Parsed<FilterNode> = this.define("NotExpression", () => {
    const negated = this.attempt((): Parsed<FilterNode> => {
      if (!this.literal("not") || !this.space()) return undefined;
      const inner = this.#not();
      return inner && { value: inner.value.kind === "not" ? inner.value.inner : { kind: "not", inner: inner.value } };
    });
    return negated ?? this.#grouping();
  });

  readonly #grouping: () => Parsed<FilterNode> = this.define('"grouping"', () => {
    const open = (): Parsed<FilterNode> => {
      if (!this.literal("(")) return undefined;
      this.space();
      const inner = this.#or();
      if (inner !== undefined) this.space();
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

  readonly #match: () => Parsed<FilterNode> = this.define(
    '"match"',
    () => this.#withValue() ?? this.#withoutValue() ?? this.#membership(),
  );

  #comparison(comparisons: readonly Comparison[], hasValue: boolean): () => Parsed<FilterNode> {
    return this.define('"match"', () => {
      const selector = this.selector();
      const found = selector && this.#operator(comparisons);
      if (selector === undefined || found === undefined) return undefined;
      const { operator, negated } = found;
      const value = hasValue ? this.value() : { value: "" };
      return value && { value: { kind: "match", selector: selector.value, operator, negated, value: value.value } };
    });
  }

  readonly #membership: () => Parsed<FilterNode> = this.define('"match"', () => {
    const value = this.value();
    const found = value && this.#operator(BEFORE_SELECTOR);
    if (value === undefined || found === undefined) return undefined;
    const selector = this.selector();
    const { operator, negated } = found;
    if (selector !== undefined)
      return { value: { kind: "match", selector: selector.value, operator, negated, value: value.value } };
    if (this.absent(() => this.selector())) this.refuse("Invalid selector");
    return undefined;
  });

  #operator(comparisons: readonly Comparison[]): Comparison | undefined {
    return comparisons.find(
      (each) => this.attempt(() => (this.#words(each) ? { value: true } : undefined)) !== undefined,
    );
  }

  #words({ operator, words }: Comparison): boolean {
    if (operator === "equal") {
      this.space();
      const found = words.every((sign) => this.literal(sign));
      if (found) this.space();
      return found;
    }
    return words.every((word) => this.space() && this.literal(word)) && (operator === "empty" || this.space());
  }
}
