import { keyOf } from "../../values/key.ts";
import { isArray, typeOf, type Value } from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import { isNothing } from "../scope.ts";
import { ANY, type FunctionTable, TWO } from "./table.ts";

type Distinct = ReadonlyMap<string, Value>;

/** The values of a list without repetition. */
export const distinct = (values: readonly Value[]): Distinct => new Map(values.map((value) => [keyOf(value), value]));

const setFunction = (name: string, arity: readonly [number, number], apply: (sets: readonly Distinct[]) => Value) => ({
  arity,
  apply: (values: readonly Value[]): Value => {
    if (values.some(isNothing)) return null;
    return apply(
      values.map((each) => {
        if (!isArray(each)) throw new ServerError(17041, `All operands of ${name} must be arrays, not ${typeOf(each)}`);
        return distinct(each);
      }),
    );
  },
});

const EMPTY: Distinct = new Map();

/** Lists as sets. */
export const SETS: FunctionTable = {
  $setUnion: setFunction("$setUnion", ANY, (sets) => [...new Map(sets.flatMap((set) => [...set])).values()]),
  $setIntersection: setFunction("$setIntersection", ANY, ([first = EMPTY, ...others]) =>
    [...first].filter(([key]) => others.every((set) => set.has(key))).map(([, value]) => value),
  ),
  $setDifference: setFunction("$setDifference", TWO, ([a = EMPTY, b = EMPTY]) =>
    [...a].filter(([key]) => !b.has(key)).map(([, value]) => value),
  ),
  $setIsSubset: setFunction("$setIsSubset", TWO, ([a = EMPTY, b = EMPTY]) => [...a.keys()].every((key) => b.has(key))),
  $setEquals: setFunction("$setEquals", [2, Number.POSITIVE_INFINITY], ([first = EMPTY, ...others]) =>
    others.every((set) => set.size === first.size && [...first.keys()].every((key) => set.has(key))),
  ),
};
