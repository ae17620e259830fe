import { Decimal128 } from "bson";
import { divideDecimals, toDecimal128 } from "../../values/decimal.ts";
import { decimalOf, multiply, subtract, sum } from "../../values/numbers.ts";
import { doubleOf, isNumeric, isInt32, type Numeric, numberOf, typeOf, type Value } from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import { isNothing } from "../scope.ts";
import { ANY, type FunctionTable, TWO } from "./table.ts";

function requireNumeric(value: Value, name: string): Numeric {
  if (!isNumeric(value))
    throw new ServerError("TypeMismatch", `${name} only supports numeric types, not ${typeOf(value)}`);
  return value;
}

function addAll(values: readonly Value[]): Value {
  if (values.some(isNothing)) return null;
  const dates = values.filter((value) => value instanceof Date);
  if (dates.length > 1) throw new ServerError(16612, "only one date allowed in an $add expression");
  const numbers = values.filter((value) => !(value instanceof Date)).map((value) => requireNumeric(value, "$add"));
  const total = numbers.reduce<Numeric>((a, b) => sum(a, b), 0);
  const [date] = dates;
  return date === undefined ? total : new Date(date.getTime() + Math.round(numberOf(total) ?? 0));
}

function subtractTwo([a, b]: readonly Value[]): Value {
  if (isNothing(a) || isNothing(b)) return null;
  if (a instanceof Date && b instanceof Date) return BigInt(a.getTime() - b.getTime());
  if (a instanceof Date) return new Date(a.getTime() - Math.round(numberOf(requireNumeric(b, "$subtract")) ?? 0));
  const [x, y] = [requireNumeric(a, "$subtract"), requireNumeric(b, "$subtract")];
  return subtract(x, y) ?? doubleOf(Number(x) - Number(y));
}

function multiplyAll(values: readonly Value[]): Value {
  if (values.some(isNothing)) return null;
  return values
    .map((value) => requireNumeric(value, "$multiply"))
    .reduce<Numeric>((a, b) => multiply(a, b) ?? doubleOf(Number(a) * Number(b)), 1);
}

function divideTwo([a, b]: readonly Value[]): Value {
  if (isNothing(a) || isNothing(b)) return null;
  const [x, y] = [requireNumeric(a, "$divide"), requireNumeric(b, "$divide")];
  if (numberOf(y) === 0) throw new ServerError("BadValue", "can't $divide by zero");
  if (x instanceof Decimal128 || y instanceof Decimal128)
    return toDecimal128(divideDecimals(decimalOf(x), decimalOf(y)));
  return doubleOf((numberOf(x) ?? 0) / (numberOf(y) ?? 1));
}

function remainderOfTwo([a, b]: readonly Value[]): Value {
  if (isNothing(a) || isNothing(b)) return null;
  const [x, y] = [requireNumeric(a, "$mod"), requireNumeric(b, "$mod")];
  if (numberOf(y) === 0) throw new ServerError(16610, "can't $mod by zero");
  if (typeof x === "bigint" || typeof y === "bigint") {
    if (Number.isInteger(Number(x)) && Number.isInteger(Number(y))) return BigInt(Number(x)) % BigInt(Number(y));
  }
  const rest = (numberOf(x) ?? 0) % (numberOf(y) ?? 1);
  const isWhole = [x, y].every((each) => typeof each === "number" && isInt32(each));
  return isWhole ? rest + 0 : doubleOf(rest);
}

/** Sums, differences and the like, by the rules of their types. */
export const ARITHMETIC: FunctionTable = {
  $add: { arity: ANY, apply: addAll },
  $subtract: { arity: TWO, apply: subtractTwo },
  $multiply: { arity: ANY, apply: multiplyAll },
  $divide: { arity: TWO, apply: divideTwo },
  $mod: { arity: TWO, apply: remainderOfTwo },
};
