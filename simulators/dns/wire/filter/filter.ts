import { compilePattern } from "../../../kernel/index.ts";
import { Refusal } from "../refusal.ts";
/** What can be filtered by: the fields of a type, lists of structures included. */
export type FilterType =
  | "string"
  | "int"
  | "bool"
  | "strings"
  | "map"
  | { readonly list: Readonly<Record<string, FilterType>> }
  | { readonly struct: Readonly<Record<string, FilterType>> }
  /** Any key, each with this structure. */
  | { readonly keyed: Readonly<Record<string, FilterType>> };

/** An expression that is refused; the message is that of Consul's filter language. */
class FilterError extends Refusal {}

export type Filter = (value: unknown) => boolean;

type Operator = "equal" | "in" | "empty" | "matches";
type FilterNode =
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
const FAILED = "Failed to create boolean expression evaluator: ";
const VALUE_START = '"-", "0", "\\"", "`", [ \\t\\r\\n], [1-9] or [a-zA-Z]';
const EXPRESSION_START = '"(", "-", "0", "\\"", "`", "not", [ \\t\\r\\n], [1-9] or [a-zA-Z]';

/** Compiles an expression for values of a type (Consul 1.8, "Filtering"). Empty lets all through. @throws FilterError */
export function compileFilter(source: string, fields: Readonly<Record<string, FilterType>>): Filter {
  if (source === "") return () => true;
  const parser = new FilterParser(source);
  const node = parser.whole();
  return build(node, { struct: fields });
}

interface FilterValue {
  readonly text: string;
  /** Segments when it can be a selector. */
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

  /** Brackets, negations and parts within each other; each is a call. */
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
    if (!this.#word(/\)/)) this.#fail('")", "and", "or" or [ \\t\\r\\n]');
    return inner;
  }

  #match(): FilterNode {
    const start = this.#at;
    const left = this.#value() ?? this.#fail(EXPRESSION_START);
    const negations = [
      [/\s*==\s*/, false],
      [/\s*!=\s*/, true],
    ] as const;
    for (const [pattern, negated] of negations)
      if (this.#word(pattern)) return this.#compare(left, start, "equal", negated);
    for (const [pattern, negated] of [
      [/\s+is\s+not\s+empty/, true],
      [/\s+is\s+empty/, false],
    ] as const)
      if (this.#word(pattern))
        return { kind: "match", selector: this.#selector(left, start), operator: "empty", negated, value: "" };
    for (const [pattern, negated] of [
      [/\s+not\s+contains\s+/, true],
      [/\s+contains\s+/, false],
    ] as const)
      if (this.#word(pattern)) return this.#compare(left, start, "in", negated);
    for (const [pattern, negated] of [
      [/\s+not\s+matches\s+/, true],
      [/\s+matches\s+/, false],
    ] as const)
      if (this.#word(pattern)) return this.#compare(left, start, "matches", negated);
    for (const [pattern, negated] of [
      [/\s+not\s+in\s+/, true],
      [/\s+in\s+/, false],
    ] as const)
      if (this.#word(pattern)) return this.#membership(left, negated);
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

const place = (at: number): string => `1:${at + 1} (${at})`;

function build(node: FilterNode, type: FilterType): Filter {
  switch (node.kind) {
    case "and": {
      const [left, right] = [build(node.left, type), build(node.right, type)];
      return (value) => left(value) && right(value);
    }
    case "or": {
      const [left, right] = [build(node.left, type), build(node.right, type)];
      return (value) => left(value) || right(value);
    }
    case "not": {
      const inner = build(node.inner, type);
      return (value) => !inner(value);
    }
    case "match":
      return matcher(node, node.selector, type);
  }
}

type FilterMatch = Extract<FilterNode, { kind: "match" }>;

function matcher(node: FilterMatch, path: readonly string[], type: FilterType): Filter {
  const [head, ...rest] = path;
  if (head === undefined) return leaf(node, type);
  const invalid = (): never => {
    const shown = node.selector.slice(0, node.selector.length - rest.length).join(".");
    throw new FilterError(`${FAILED}Selector "${shown}" is not valid`);
  };
  if (type === "map") return matchKey(node, head, leaf(node, "string"), rest, invalid);
  if (typeof type === "string") return invalid();
  if ("keyed" in type) return matchKey(node, head, matcher(node, rest, { struct: type.keyed }), [], invalid);
  const fields = "struct" in type ? type.struct : type.list;
  const inner = matcher(node, rest, (Object.hasOwn(fields, head) ? fields[head] : undefined) ?? invalid());
  const pick: Filter = (value) => inner((value as Readonly<Record<string, unknown>> | null)?.[head]);
  if ("struct" in type) return pick;
  return (value) => ((value as readonly unknown[] | null) ?? []).some(pick);
}

/** A key that is not there is equal to nothing and in nothing. */
function matchKey(
  node: FilterMatch,
  key: string,
  inner: Filter,
  rest: readonly string[],
  invalid: () => never,
): Filter {
  if (rest.length > 0) return invalid();
  return (value) => {
    const map = value as Readonly<Record<string, unknown>> | null | undefined;
    if (map === null || map === undefined || !(key in map))
      return node.operator === "empty" ? !node.negated : node.negated;
    return inner(map[key]);
  };
}

function leaf(node: FilterMatch, type: FilterType): Filter {
  const test = compileMatch(node, type);
  return node.negated ? (value) => !test(value) : test;
}

function compileMatch({ operator, value, selector }: FilterMatch, type: FilterType): Filter {
  const refuseOperator = (): never => {
    throw new FilterError(`${FAILED}Invalid match operator for selector "${selector.join(".")}"`);
  };
  const isText = type === "string" || type === "int" || type === "bool";
  switch (operator) {
    case "empty":
      if (type === "int" || type === "bool") return refuseOperator();
      return (given) =>
        Array.isArray(given) || typeof given === "string" ? given.length === 0 : Object.keys(given ?? {}).length === 0;
    case "equal": {
      if (!isText) return refuseOperator();
      const wanted = coerceValue(value, type, selector);
      return (given) => given === wanted;
    }
    case "matches": {
      if (type !== "string") return refuseOperator();
      const compiled = compilePattern(value);
      if (!compiled.ok)
        throw new FilterError(`${FAILED}Failed to compile regular expression "${value}": ${compiled.error}`);
      return (given) => compiled.pattern.test(String(given));
    }
    case "in":
      if (type === "string") return (given) => String(given).includes(value);
      if (type === "strings") return (given) => ((given as readonly string[] | null) ?? []).includes(value);
      if (type === "map" || (typeof type === "object" && "keyed" in type))
        return (given) => Object.hasOwn((given as object | null) ?? {}, value);
      return refuseOperator();
  }
}

function coerceValue(value: string, type: "string" | "int" | "bool", selector: readonly string[]): unknown {
  const fail = (what: string): never => {
    throw new FilterError(
      `${FAILED}Failed to coerce value "${value}" for selector "${selector.join(".")}": strconv.${what}: parsing "${value}": invalid syntax`,
    );
  };
  if (type === "int") return /^[+-]?\d+$/.test(value) ? Number(value) : fail("ParseInt");
  if (type === "bool")
    return /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)
      ? /^(?:1|t)/i.test(value)
      : fail("ParseBool");
  return value;
}
