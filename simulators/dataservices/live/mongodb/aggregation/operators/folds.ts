import { isArray, type Value } from "../../values/value.ts";
import { average, deviation, extreme, total } from "../folds.ts";
import { ANY, type FunctionTable } from "./table.ts";

/** The elements of a single operand that is a list; otherwise the operands. */
const fold = (apply: (values: readonly Value[]) => Value): FunctionTable[string] => ({
  arity: ANY,
  apply: (values) => {
    const [only] = values;
    return apply(values.length === 1 && isArray(only) ? only : values);
  },
});

/** Accumulators that are expressions as well. */
export const FOLDS: FunctionTable = {
  $sum: fold(total),
  $avg: fold(average),
  $min: fold((values) => extreme(values, -1)),
  $max: fold((values) => extreme(values, 1)),
  $stdDevPop: fold((values) => deviation(values, 0)),
  $stdDevSamp: fold((values) => deviation(values, 1)),
};
