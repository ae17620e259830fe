import { Decimal128 } from "bson";

/** A finite decimal: `coefficient × 10^exponent`. */
export interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** Digits that a Decimal128 holds (IEEE 754-2008). */
const DIGITS_MAX = 34;
const TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** The decimal of a text such as `-1.50E+3`; undefined for NaN and the infinities. */
export function parseDecimal(text: string): Decimal | undefined {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = TEXT.exec(text) ?? [];
  if (whole === "" && fraction === "") return undefined;
  const coefficient = BigInt(whole + fraction);
  return { coefficient: sign === "-" ? -coefficient : coefficient, exponent: Number(exponent) - fraction.length };
}

/** Without trailing zeros, so that equal decimals have equal parts. */
export function normalise({ coefficient, exponent }: Decimal): Decimal {
  if (coefficient === 0n) return { coefficient: 0n, exponent: 0 };
  while (coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent++;
  }
  return { coefficient, exponent };
}

/** The exact decimal of a finite double. */
export function exactDecimal(value: number): Decimal {
  if (Number.isInteger(value)) return { coefficient: BigInt(value), exponent: 0 };
  let mantissa = value;
  let halvings = 0;
  // A double is a whole number divided by a power of two, and doubling is exact.
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    halvings++;
  }
  return { coefficient: BigInt(mantissa) * 5n ** BigInt(halvings), exponent: -halvings };
}

function align(a: Decimal, b: Decimal): readonly [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  const scaleTo = (each: Decimal): bigint => each.coefficient * 10n ** BigInt(each.exponent - exponent);
  return [scaleTo(a), scaleTo(b), exponent];
}

/** The difference of exponents beyond which two decimals are not brought to a common exponent. */
const REACH = 7000;

/** -1, 0 or 1. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (Math.abs(a.exponent - b.exponent) > REACH) return compareByMagnitude(a, b);
  const [x, y] = align(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

const signOf = ({ coefficient }: Decimal): number => (coefficient < 0n ? -1 : coefficient > 0n ? 1 : 0);

function compareByMagnitude(a: Decimal, b: Decimal): number {
  const [x, y] = [signOf(a), signOf(b)];
  if (x !== y || x === 0) return Math.sign(x - y);
  return a.exponent > b.exponent ? x : -x;
}

/** The exact sum. */
export const addDecimals = (a: Decimal, b: Decimal): Decimal => {
  const [x, y, exponent] = align(a, b);
  return { coefficient: x + y, exponent };
};

/** The exact product. */
export const multiplyDecimals = (a: Decimal, b: Decimal): Decimal => ({
  coefficient: a.coefficient * b.coefficient,
  exponent: a.exponent + b.exponent,
});

/** The quotient to `DIGITS_MAX` digits. The divisor must not be zero. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  const shift = 2 * DIGITS_MAX;
  const coefficient = (a.coefficient * 10n ** BigInt(shift)) / b.coefficient;
  const quotient = { coefficient, exponent: a.exponent - b.exponent - shift };
  return normalise(quotient);
}

/** The Decimal128 nearest to a decimal (half to even). */
export function toDecimal128(decimal: Decimal): Decimal128 {
  let { coefficient, exponent } = decimal;
  const digits = (coefficient < 0n ? -coefficient : coefficient).toString().length;
  if (digits > DIGITS_MAX) {
    const drop = digits - DIGITS_MAX;
    const unit = 10n ** BigInt(drop);
    const rest = coefficient % unit;
    const magnitude = 2n * (rest < 0n ? -rest : rest);
    coefficient /= unit;
    const isOdd = coefficient % 2n !== 0n;
    if (magnitude > unit || (magnitude === unit && isOdd)) coefficient += rest < 0n ? -1n : 1n;
    exponent += drop;
  }
  return Decimal128.fromString(`${coefficient}E${exponent}`);
}
