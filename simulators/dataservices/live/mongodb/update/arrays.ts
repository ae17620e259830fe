import { compileSort } from "../query/sort.ts";
import { show } from "../storage/index.ts";
import { byCodePoint, compare, equals } from "../values/compare.ts";
import { isArray, isDocument, numberOf, typeOf, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import type { UpdateOperator, UpdateScope } from "./operators.ts";
import type { Change } from "./set-at.ts";

function listAt(there: Value, path: string, name: string): readonly Value[] {
  if (there === undefined) return [];
  if (isArray(there)) return there;
  throw new ServerError("BadValue", `The field '${path}' must be an array but is of type ${typeOf(there)} (${name})`);
}

const MODIFIERS = new Set(["$each", "$slice", "$sort", "$position"]);

interface Push {
  readonly values: readonly Value[];
  readonly position: number | undefined;
  readonly slice: number | undefined;
  readonly order: ((a: Value, b: Value) => number) | undefined;
}

function wholeOf(value: Value, name: string): number | undefined {
  if (value === undefined) return undefined;
  const number = numberOf(value);
  if (number === undefined || !Number.isInteger(number))
    throw new ServerError(
      "BadValue",
      `The value for ${name} must be an integer value but was given type: ${typeOf(value)}`,
    );
  return number;
}

function pushOf(operand: Value): Push {
  if (!isDocument(operand) || !Object.hasOwn(operand, "$each"))
    return { values: [operand], position: undefined, slice: undefined, order: undefined };
  for (const name of Object.keys(operand))
    if (!MODIFIERS.has(name)) throw new ServerError("BadValue", `Unrecognized clause in $push: ${name}`);
  const { $each, $slice, $position, $sort } = operand;
  if (!isArray($each))
    throw new ServerError(
      "BadValue",
      `The argument to $each in $push must be an array but it was of type: ${typeOf($each)}`,
    );
  return {
    values: $each,
    position: wholeOf($position, "$position"),
    slice: wholeOf($slice, "$slice"),
    order: orderOf($sort),
  };
}

function orderOf(sort: Value): Push["order"] {
  if (sort === undefined) return undefined;
  if (isDocument(sort)) {
    const order = compileSort(sort, byCodePoint);
    return (a, b) => (isDocument(a) && isDocument(b) ? order(a, b) : compare(a, b));
  }
  const way = numberOf(sort);
  if (way !== 1 && way !== -1)
    throw new ServerError(
      "BadValue",
      "The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields",
    );
  return (a, b) => compare(a, b) * way;
}

function push(operand: Value, path: string): Change {
  const { values, position, slice, order } = pushOf(operand);
  return (there) => {
    const list = listAt(there, path, "$push");
    const at = position === undefined ? list.length : position < 0 ? Math.max(0, list.length + position) : position;
    const pushed = list.toSpliced(at, 0, ...values);
    const sorted = order === undefined ? pushed : pushed.toSorted(order);
    if (slice === undefined) return sorted;
    return slice < 0 ? sorted.slice(slice) : sorted.slice(0, slice);
  };
}

function addToSet(operand: Value, path: string): Change {
  const isMany = isDocument(operand) && Object.keys(operand)[0] === "$each";
  if (isMany && Object.keys(operand).length > 1)
    throw new ServerError("BadValue", `Found unexpected fields after $each in $addToSet: ${show(operand)}`);
  const values = isMany ? operand.$each : [operand];
  if (!isArray(values))
    throw new ServerError(
      "TypeMismatch",
      `The argument to $each in $addToSet must be an array but it was of type ${typeOf(values)}`,
    );
  return (there) => {
    const list = listAt(there, path, "$addToSet");
    return values.reduce<readonly Value[]>(
      (made, value) => (made.some((each) => equals(each, value)) ? made : [...made, value]),
      there === undefined ? [] : list,
    );
  };
}

function pop(operand: Value, path: string): Change {
  const way = numberOf(operand);
  if (way !== 1 && way !== -1) throw new ServerError("FailedToParse", `$pop expects 1 or -1, found: ${show(operand)}`);
  return (there) => {
    if (there === undefined) return there;
    if (!isArray(there))
      throw new ServerError("TypeMismatch", `Path '${path}' contains an element of non-array type '${typeOf(there)}'`);
    if (there.length === 0) return there;
    return way === 1 ? there.slice(0, -1) : there.slice(1);
  };
}

function without(path: string, name: string, fits: (value: Value) => boolean): Change {
  return (there) => {
    if (there === undefined) return there;
    if (!isArray(there)) throw new ServerError("BadValue", `Cannot apply ${name} to a non-array value (${path})`);
    return there.some(fits) ? there.filter((each) => !fits(each)) : there;
  };
}

function pull(operand: Value, path: string, { elementFits }: UpdateScope): Change {
  const fits = isDocument(operand) ? elementFits(operand) : elementFits({ $eq: operand });
  return without(path, "$pull", fits);
}

function pullAll(operand: Value, path: string): Change {
  if (!isArray(operand))
    throw new ServerError("BadValue", `$pullAll requires an array argument but was given a ${typeOf(operand)}`);
  return without(path, "$pullAll", (value) => operand.some((each) => equals(each, value)));
}

/** The operators of arrays. */
export const ARRAY_OPERATORS: Readonly<Record<string, UpdateOperator>> = {
  $push: push,
  $addToSet: addToSet,
  $pop: pop,
  $pull: pull,
  $pullAll: pullAll,
};
