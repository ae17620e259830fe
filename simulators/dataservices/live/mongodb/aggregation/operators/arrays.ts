import { equals } from "../../values/compare.ts";
import { isArray, isDocument, numberOf, typeOf, type Value } from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import { isNothing } from "../scope.ts";
import { ANY, type FunctionTable, ONE, TWO } from "./table.ts";

function listOf(value: Value, name: string): readonly Value[] {
  if (!isArray(value)) throw new ServerError(28689, `${name}'s argument must be an array, but is ${typeOf(value)}`);
  return value;
}

function elementAt(values: Value, index: Value, name: string): Value {
  if (isNothing(values) || isNothing(index)) return null;
  const list = listOf(values, name);
  const at = numberOf(index);
  if (at === undefined || !Number.isInteger(at))
    throw new ServerError(28691, `${name}'s second argument must be a whole number`);
  return list[at < 0 ? list.length + at : at];
}

/** The most elements in a list that an operator creates: many more would not fit a document. */
const ELEMENTS_MAX = 2_000_000;

function requireRoom(count: number): void {
  if (count > ELEMENTS_MAX) throw new ServerError("ExceededMemoryLimit", `a list of over ${ELEMENTS_MAX} elements`);
}

function range([from, to, step = 1]: readonly Value[]): Value {
  const [first, end, by] = [from, to, step].map((value) => {
    const number = numberOf(value);
    if (number === undefined || !Number.isInteger(number))
      throw new ServerError(34443, "$range requires whole numbers");
    return number;
  });
  if (first === undefined || end === undefined || by === undefined || by === 0)
    throw new ServerError(34449, "$range requires a non-zero step value");
  const length = Math.max(0, Math.ceil((end - first) / by));
  requireRoom(length);
  return Array.from({ length }, (_none, at) => first + at * by);
}

function concatenate(values: readonly Value[]): Value {
  if (values.some(isNothing)) return null;
  requireRoom(values.reduce((count: number, each) => count + (isArray(each) ? each.length : 1), 0));
  return values.flatMap((each) => {
    if (!isArray(each)) throw new ServerError(28664, `$concatArrays only supports arrays, not ${typeOf(each)}`);
    return each;
  });
}

function indexOf([values, wanted, from = 0, to]: readonly Value[]): Value {
  if (isNothing(values)) return null;
  const list = listOf(values, "$indexOfArray").slice(0, numberOf(to));
  return list.findIndex((each, at) => at >= (numberOf(from) ?? 0) && equals(each, wanted));
}

function sizeOf([value]: readonly Value[]): Value {
  if (!isArray(value))
    throw new ServerError(17124, `The argument to $size must be an array, but was of type: ${typeOf(value)}`);
  return value.length;
}

/** `$firstN` of a list: the operand names them. */
function some(take: (list: readonly Value[], count: number) => readonly Value[]): FunctionTable[string] {
  return {
    arity: ONE,
    apply: ([given]) => {
      const { n, input } = isDocument(given) ? given : {};
      return take(listOf(input, "$firstN"), numberOf(n) ?? 0);
    },
  };
}

/** Lists. */
export const ARRAYS: FunctionTable = {
  $arrayElemAt: { arity: TWO, apply: ([values, index]) => elementAt(values, index, "$arrayElemAt") },
  $first: { arity: ONE, apply: ([values]) => elementAt(values, 0, "$first") },
  $last: { arity: ONE, apply: ([values]) => elementAt(values, -1, "$last") },
  $firstN: some((list, count) => list.slice(0, count)),
  $lastN: some((list, count) => list.slice(Math.max(0, list.length - count))),
  $concatArrays: { arity: ANY, apply: concatenate },
  $range: { arity: [2, 3], apply: range },
  $indexOfArray: { arity: [2, 4], apply: indexOf },
  $isArray: { arity: ONE, apply: ([value]) => isArray(value) },
  $in: {
    arity: TWO,
    apply: ([wanted, values]) => {
      if (!isArray(values))
        throw new ServerError(40081, `$in requires an array as a second argument, found: ${typeOf(values)}`);
      return values.some((each) => equals(each, wanted));
    },
  },
  $size: { arity: ONE, apply: sizeOf },
};
