import { compare } from "../../values/compare.ts";
import { isTruthy, type Value } from "../../values/value.ts";
import { ANY, type FunctionTable, ONE, TWO } from "./table.ts";

const comparing = (fits: (order: number) => boolean): FunctionTable[string] => ({
  arity: TWO,
  apply: ([a, b]: readonly Value[]) => fits(compare(a, b)),
});

/** Comparisons across all types, and logic. */
export const COMPARISON: FunctionTable = {
  $cmp: { arity: TWO, apply: ([a, b]) => compare(a, b) },
  $eq: comparing((order) => order === 0),
  $ne: comparing((order) => order !== 0),
  $gt: comparing((order) => order > 0),
  $gte: comparing((order) => order >= 0),
  $lt: comparing((order) => order < 0),
  $lte: comparing((order) => order <= 0),
  $and: { arity: ANY, apply: (values) => values.every(isTruthy) },
  $or: { arity: ANY, apply: (values) => values.some(isTruthy) },
  $not: { arity: ONE, apply: ([value]) => !isTruthy(value) },
};
