import { compare } from "../../values/compare.ts";
import { type Document, fieldOf, isArray, isDocument, isTruthy, typeOf, type Value } from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import { type Compile, type Evaluate, isNothing, withVariables } from "../scope.ts";
import { convert } from "./conversion.ts";
import type { ControlTable } from "./table.ts";

function namedOf(operand: Value, name: string, allowed: readonly string[]): Document {
  if (!isDocument(operand)) throw new ServerError("FailedToParse", `${name} only supports an object as its argument`);
  for (const key of Object.keys(operand))
    if (!allowed.includes(key)) throw new ServerError("FailedToParse", `Unrecognized parameter to ${name}: ${key}`);
  return operand;
}

function requireField(operand: Document, name: string, field: string): Value {
  const value = fieldOf(operand, field);
  if (value === undefined) throw new ServerError("FailedToParse", `Missing '${field}' parameter to ${name}`);
  return value;
}

const PARTS = ["if", "then", "else"] as const;

function condition(operand: Value, compile: Compile): Evaluate {
  if (isArray(operand) && operand.length !== PARTS.length)
    throw new ServerError(16020, `Expression $cond takes exactly 3 arguments. ${operand.length} were passed in.`);
  const parts = isArray(operand)
    ? operand
    : PARTS.map((name) => requireField(namedOf(operand, "$cond", PARTS), "$cond", name));
  const [test, yes, no] = parts.map(compile);
  return (scope) => (isTruthy(test?.(scope)) ? yes?.(scope) : no?.(scope));
}

function firstThere(operand: Value, compile: Compile): Evaluate {
  if (!isArray(operand) || operand.length < 2) throw new ServerError(1257300, "$ifNull needs at least two arguments");
  const parts = operand.map(compile);
  return (scope) => {
    for (const part of parts) {
      const value = part(scope);
      if (!isNothing(value)) return value;
    }
    return parts.at(-1)?.(scope);
  };
}

function choose(operand: Value, compile: Compile): Evaluate {
  const parts = namedOf(operand, "$switch", ["branches", "default"]);
  const { branches } = parts;
  if (!isArray(branches) || branches.length === 0)
    throw new ServerError(40068, "$switch requires at least one branch.");
  const cases = branches.map((branch) => {
    const named = namedOf(branch, "$switch", ["case", "then"]);
    return [compile(requireField(named, "$switch", "case")), compile(requireField(named, "$switch", "then"))] as const;
  });
  const otherwise = Object.hasOwn(parts, "default") ? compile(parts.default) : undefined;
  return (scope) => {
    const found = cases.find(([test]) => isTruthy(test(scope)));
    if (found !== undefined) return found[1](scope);
    if (otherwise === undefined)
      throw new ServerError(
        40066,
        "$switch could not find a matching branch for an input, and no default was specified.",
      );
    return otherwise(scope);
  };
}

function bind(operand: Value, compile: Compile): Evaluate {
  const { vars, in: body } = namedOf(operand, "$let", ["vars", "in"]);
  if (!isDocument(vars)) throw new ServerError("FailedToParse", "invalid parameter: expected an object (vars)");
  const bound = Object.entries(vars).map(([name, value]) => [name, compile(value)] as const);
  const result = compile(body);
  return (scope) => {
    const variables = Object.fromEntries(bound.map(([name, part]) => [name, part(scope)]));
    const current = Object.hasOwn(variables, "CURRENT") ? variables.CURRENT : scope.current;
    return result(withVariables({ ...scope, current }, variables));
  };
}

function listFrom(value: Value, name: string): readonly Value[] | null {
  if (isNothing(value)) return null;
  if (!isArray(value)) throw new ServerError(16883, `input to ${name} must be an array not ${typeOf(value)}`);
  return value;
}

function mapList(operand: Value, compile: Compile): Evaluate {
  const parts = namedOf(operand, "$map", ["input", "as", "in"]);
  const [input, each] = [compile(requireField(parts, "$map", "input")), compile(requireField(parts, "$map", "in"))];
  const name = String(parts.as ?? "this");
  return (scope) =>
    listFrom(input(scope), "$map")?.map((value) => each(withVariables(scope, { [name]: value })) ?? null) ?? null;
}

function filterList(operand: Value, compile: Compile): Evaluate {
  const parts = namedOf(operand, "$filter", ["input", "as", "cond", "limit"]);
  const [input, test] = [
    compile(requireField(parts, "$filter", "input")),
    compile(requireField(parts, "$filter", "cond")),
  ];
  const limit = compile(parts.limit ?? null);
  const name = String(parts.as ?? "this");
  return (scope) => {
    const kept = listFrom(input(scope), "$filter")?.filter((value) =>
      isTruthy(test(withVariables(scope, { [name]: value }))),
    );
    const most = limit(scope);
    return kept === undefined ? null : isNothing(most) ? kept : kept.slice(0, Number(most));
  };
}

function reduceList(operand: Value, compile: Compile): Evaluate {
  const parts = namedOf(operand, "$reduce", ["input", "initialValue", "in"]);
  const [input, initial, step] = ["input", "initialValue", "in"].map((name) =>
    compile(requireField(parts, "$reduce", name)),
  );
  return (scope) =>
    listFrom(input?.(scope), "$reduce")?.reduce<Value>(
      (value, each) => step?.(withVariables(scope, { value, this: each })),
      initial?.(scope),
    ) ?? null;
}

function convertTo(operand: Value, compile: Compile): Evaluate {
  const parts = namedOf(operand, "$convert", ["input", "to", "onError", "onNull", "format", "base"]);
  const [input, to] = [
    compile(requireField(parts, "$convert", "input")),
    compile(requireField(parts, "$convert", "to")),
  ];
  const [onError, onNull] = [parts.onError, parts.onNull].map((each) =>
    each === undefined ? undefined : compile(each),
  );
  return (scope) => {
    const value = input(scope);
    if (isNothing(value)) return onNull === undefined ? null : onNull(scope);
    const target = to(scope);
    try {
      return isDocument(target) ? convert(value, target.type) : convert(value, target);
    } catch (error) {
      if (onError === undefined || !(error instanceof ServerError)) throw error;
      return onError(scope);
    }
  };
}

function sortList(operand: Value, compile: Compile): Evaluate {
  const parts = namedOf(operand, "$sortArray", ["input", "sortBy"]);
  const input = compile(requireField(parts, "$sortArray", "input"));
  const keys = parts.sortBy;
  const byWhole = Number(keys);
  const order = isDocument(keys)
    ? Object.entries(keys).map(([path, way]) => [compile(`$${path}`), Number(way)] as const)
    : undefined;
  const at = (part: Evaluate, value: Value): Value => part({ root: value, current: value, variables: {} });
  return (scope) => {
    const list = listFrom(input(scope), "$sortArray");
    return (
      list?.toSorted((a, b) => {
        if (order === undefined) return compare(a, b) * byWhole;
        for (const [part, way] of order) {
          const sign = compare(at(part, a), at(part, b)) * way;
          if (sign !== 0) return sign;
        }
        return 0;
      }) ?? null
    );
  };
}

/** Operators with variables, branches and fallbacks. */
export const CONTROL: ControlTable = {
  $cond: condition,
  $ifNull: firstThere,
  $switch: choose,
  $let: bind,
  $map: mapList,
  $filter: filterList,
  $reduce: reduceList,
  $convert: convertTo,
  $sortArray: sortList,
};
