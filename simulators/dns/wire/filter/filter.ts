import { compilePattern, isObject } from "../../../kernel/index.ts";
import { parseBool } from "../bool.ts";
import { FAILED, FilterError, type FilterNode, parseFilter } from "./parse.ts";
import type { FilterType } from "./types.ts";

/** Whether a value passes. */
type Filter = (value: unknown) => boolean;

/** Compiles an expression for values of a type (Consul 1.8, "Filtering"). An empty one passes everything. @throws FilterError */
export function compileFilter(source: string, fields: Readonly<Record<string, FilterType>>): Filter {
  if (source === "") return () => true;
  const node = parseFilter(source);
  return build(node, { struct: fields });
}

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
    const isKeyed = type === "map" || (typeof type === "object" && "keyed" in type);
    const shown = node.selector.slice(0, node.selector.length - rest.length + (isKeyed ? 1 : 0)).join(".");
    throw new FilterError(`${FAILED}Selector "${shown}" is not valid`);
  };
  if (type === "map") return matchKey(node, head, leaf(node, "string"), rest, invalid);
  if (typeof type === "string") return invalid();
  if ("keyed" in type) return matchKey(node, head, matcher(node, rest, { struct: type.keyed }), [], invalid);
  const fields = "struct" in type ? type.struct : type.list;
  const inner = matcher(node, rest, (Object.hasOwn(fields, head) ? fields[head] : undefined) ?? invalid());
  const pick: Filter = (value) => inner(isObject(value) ? value[head] : undefined);
  if ("struct" in type) return pick;
  return (value) => Array.isArray(value) && value.some(pick);
}

/** A missing key is equal to nothing and in nothing. */
function matchKey(
  node: FilterMatch,
  key: string,
  inner: Filter,
  rest: readonly string[],
  invalid: () => never,
): Filter {
  if (rest.length > 0) return invalid();
  return (value) => {
    if (!isObject(value) || !Object.hasOwn(value, key)) return node.operator === "empty" ? !node.negated : node.negated;
    return inner(value[key]);
  };
}

function leaf(node: FilterMatch, type: FilterType): Filter {
  const test = compileMatch(node, type);
  return node.negated ? (value) => !test(value) : test;
}

/** What Go has where nothing was given. */
const ZERO = { string: "", int: 0, bool: false } as const;

const OPERATOR_NAMES = { equal: "Equal", in: "In", empty: "Empty", matches: "Matches" } as const;

/** An operator, as errors name it. */
const shownOperator = ({ operator, negated }: FilterMatch): string =>
  `${operator === "empty" ? "Is " : ""}${negated ? "Not " : ""}${OPERATOR_NAMES[operator]}`;

function compileMatch(node: FilterMatch, type: FilterType): Filter {
  const { operator, value, selector } = node;
  const refuseOperator = (): never => {
    throw new FilterError(
      `${FAILED}Invalid match operator "${shownOperator(node)}" for selector "${selector.join(".")}"`,
    );
  };
  const isText = type === "string" || type === "int" || type === "bool";
  switch (operator) {
    case "empty":
      if (isText || (typeof type === "object" && "struct" in type)) return refuseOperator();
      return (given) => (Array.isArray(given) ? given.length === 0 : Object.keys(given ?? {}).length === 0);
    case "equal": {
      if (!isText) return refuseOperator();
      const wanted = coerceValue(value, type, selector);
      return (given) => (given ?? ZERO[type]) === wanted;
    }
    case "matches": {
      if (type !== "string") return refuseOperator();
      const compiled = compilePattern(value);
      if (!compiled.ok)
        throw new FilterError(`${FAILED}Failed to compile regular expression "${value}": ${compiled.error}`);
      return (given) => compiled.pattern.test(String(given ?? ""));
    }
    case "in":
      if (type === "string") return (given) => String(given ?? "").includes(value);
      if (type === "strings") return (given) => Array.isArray(given) && given.includes(value);
      if (type === "map" || (typeof type === "object" && "keyed" in type))
        return (given) => isObject(given) && Object.hasOwn(given, value);
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
  if (type === "bool") return parseBool(value) ?? fail("ParseBool");
  return value;
}
