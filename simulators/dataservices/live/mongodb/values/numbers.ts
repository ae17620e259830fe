import { Decimal128, type Double } from "bson";
import {
  addDecimals,
  compareDecimals,
  type Decimal,
  exactDecimal,
  multiplyDecimals,
  parseDecimal,
  toDecimal128,
} from "./decimal.ts";
import { doubleOf, isInt32, isInt64, type Numeric } from "./value.ts";

/** The plain number of a double or an int32. */
const plain = (value: number | Double): number => (typeof value === "number" ? value : value.value);

/** NaN or an infinity as a plain number; undefined for a finite value. */
function specialOf(value: Numeric): number | undefined {
  const number =
    value instanceof Decimal128
      ? { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, "-Infinity": Number.NEGATIVE_INFINITY }[value.toString()]
      : typeof value === "bigint"
        ? undefined
        : plain(value);
  return number === undefined || Number.isFinite(number) ? undefined : number;
}

/** The exact decimal of a finite number. */
export function decimalOf(value: Numeric): Decimal {
  if (value instanceof Decimal128) return parseDecimal(value.toString()) ?? { coefficient: 0n, exponent: 0 };
  return typeof value === "bigint" ? { coefficient: value, exponent: 0 } : exactDecimal(plain(value));
}

/** NaN is below all numbers and equal to itself. */
function comparePlain(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  return Number.isNaN(b) ? 1 : 0;
}

/** -1, 0 or 1, across the numeric types and exactly. */
export function compareNumbers(a: Numeric, b: Numeric): number {
  if (!(a instanceof Decimal128) && !(b instanceof Decimal128)) {
    const [x, y] = [a, b].map((each) => (typeof each === "bigint" ? each : plain(each)));
    return comparePlain(x ?? 0, y ?? 0);
  }
  const [x, y] = [specialOf(a), specialOf(b)];
  if (x !== undefined || y !== undefined) return comparePlain(x ?? 0, y ?? 0);
  return compareDecimals(decimalOf(a), decimalOf(b));
}

interface Operation {
  readonly integers: (a: bigint, b: bigint) => bigint;
  readonly doubles: (a: number, b: number) => number;
  readonly decimals: (a: Decimal, b: Decimal) => Decimal;
}

const ADD: Operation = { integers: (a, b) => a + b, doubles: (a, b) => a + b, decimals: addDecimals };
const MULTIPLY: Operation = { integers: (a, b) => a * b, doubles: (a, b) => a * b, decimals: multiplyDecimals };
const SUBTRACT: Operation = {
  integers: (a, b) => a - b,
  doubles: (a, b) => a - b,
  decimals: (a, b) => addDecimals(a, { ...b, coefficient: -b.coefficient }),
};

const isInteger = (value: Numeric): value is number | bigint =>
  typeof value === "bigint" || (typeof value === "number" && isInt32(value));

const asDouble = (value: Numeric): number => (value instanceof Decimal128 ? Number(value.toString()) : Number(value));

/**
 * The wider of the two types wins: decimal over double over int64 over int32. An int32 that overflows becomes an int64.
 *
 * @returns undefined if an int64 overflows
 */
function calculate(operation: Operation, a: Numeric, b: Numeric): Numeric | undefined {
  if (a instanceof Decimal128 || b instanceof Decimal128) {
    if (specialOf(a) !== undefined || specialOf(b) !== undefined)
      return Decimal128.fromString(String(operation.doubles(asDouble(a), asDouble(b))));
    return toDecimal128(operation.decimals(decimalOf(a), decimalOf(b)));
  }
  if (!isInteger(a) || !isInteger(b)) return doubleOf(operation.doubles(asDouble(a), asDouble(b)));
  const exact = operation.integers(BigInt(a), BigInt(b));
  if (!isInt64(exact)) return undefined;
  const isNarrow = typeof a === "number" && typeof b === "number" && isInt32(Number(exact));
  return isNarrow ? Number(exact) : exact;
}

/** The sum; undefined if an int64 overflows. */
export const add = (a: Numeric, b: Numeric): Numeric | undefined => calculate(ADD, a, b);
/** The difference; undefined if an int64 overflows. */
export const subtract = (a: Numeric, b: Numeric): Numeric | undefined => calculate(SUBTRACT, a, b);
/** The product; undefined if an int64 overflows. */
export const multiply = (a: Numeric, b: Numeric): Numeric | undefined => calculate(MULTIPLY, a, b);

/** The sum, as a double if an int64 would overflow: the rule of aggregation. */
export const sum = (a: Numeric, b: Numeric): Numeric => add(a, b) ?? doubleOf(asDouble(a) + asDouble(b));
