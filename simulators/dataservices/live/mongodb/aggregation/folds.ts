import { Decimal128 } from "bson";
import { compare } from "../values/compare.ts";
import { divideDecimals, toDecimal128 } from "../values/decimal.ts";
import { decimalOf, sum } from "../values/numbers.ts";
import { doubleOf, isNumeric, type Numeric, numberOf, type Value } from "../values/value.ts";
import { isNothing } from "./scope.ts";

/** The sum of the numbers among the values. */
export const total = (values: readonly Value[]): Numeric =>
  values.filter(isNumeric).reduce<Numeric>((a, b) => sum(a, b), 0);

/** The mean of the numbers among the values; null if there are none. */
export function average(values: readonly Value[]): Value {
  const numbers = values.filter(isNumeric);
  if (numbers.length === 0) return null;
  const all = total(numbers);
  if (all instanceof Decimal128)
    return toDecimal128(divideDecimals(decimalOf(all), { coefficient: BigInt(numbers.length), exponent: 0 }));
  return doubleOf((numberOf(all) ?? 0) / numbers.length);
}

/** The smallest (`way` -1) or the greatest (1) of the values; null if there are none. */
export function extreme(values: readonly Value[], way: 1 | -1): Value {
  return values
    .filter((value) => !isNothing(value))
    .reduce<Value>((best, value) => (best === null || compare(value, best) * way > 0 ? value : best), null);
}

/** The standard deviation of a population (`missing` 0) or a sample (1). */
export function deviation(values: readonly Value[], missing: 0 | 1): Value {
  const numbers = values.filter(isNumeric).map((value) => numberOf(value) ?? 0);
  if (numbers.length <= missing) return null;
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const squares = numbers.reduce((a, b) => a + (b - mean) ** 2, 0);
  return doubleOf(Math.sqrt(squares / (numbers.length - missing)));
}
