import { Decimal128, Double, ObjectId } from "bson";
import { decimalOf } from "../../values/numbers.ts";
import { toDecimal128 } from "../../values/decimal.ts";
import {
  doubleOf,
  isInt32,
  isInt64,
  isNumeric,
  isTypeName,
  numberOf,
  typeNumbered,
  typeOf,
  type Value,
} from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import { isNothing } from "../scope.ts";
import { type FunctionTable, ONE } from "./table.ts";

const conversionFailure = (value: Value, to: string): ServerError =>
  new ServerError(241, `Failed to convert ${typeOf(value)} ${String(value)} to ${to}`);

const unsupportedConversion = (value: Value, to: string): ServerError =>
  new ServerError(241, `Unsupported conversion from ${typeOf(value)} to ${to} in $convert with no onError value`);

const WHOLE = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function wholeOf(value: Value, to: string): bigint {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "bigint") return value;
  if (value instanceof Date && to === "long") return BigInt(value.getTime());
  if (typeof value === "string") {
    if (!WHOLE.test(value)) throw conversionFailure(value, to);
    return BigInt(value);
  }
  const number = numberOf(value);
  if (number === undefined) throw unsupportedConversion(value, to);
  if (!Number.isFinite(number)) throw conversionFailure(value, to);
  if (value instanceof Decimal128) {
    const { coefficient, exponent } = decimalOf(value);
    return exponent >= 0 ? coefficient * 10n ** BigInt(exponent) : coefficient / 10n ** BigInt(-exponent);
  }
  return BigInt(Math.trunc(number));
}

function toInt(value: Value): Value {
  const whole = wholeOf(value, "int");
  if (!isInt32(Number(whole))) throw conversionFailure(value, "int");
  return Number(whole);
}

function toLong(value: Value): Value {
  const whole = wholeOf(value, "long");
  if (!isInt64(whole)) throw conversionFailure(value, "long");
  return whole;
}

function toDouble(value: Value): Value {
  if (typeof value === "boolean") return new Double(value ? 1 : 0);
  if (value instanceof Date) return doubleOf(value.getTime());
  if (typeof value === "string") {
    if (!NUMBER.test(value)) throw conversionFailure(value, "double");
    return doubleOf(Number(value));
  }
  const number = numberOf(value);
  if (number === undefined) throw unsupportedConversion(value, "double");
  return doubleOf(number);
}

function toDecimal(value: Value): Value {
  if (typeof value === "boolean") return Decimal128.fromString(value ? "1" : "0");
  if (value instanceof Date) return Decimal128.fromString(String(value.getTime()));
  if (typeof value === "string") {
    if (!NUMBER.test(value)) throw conversionFailure(value, "decimal");
    return Decimal128.fromString(value);
  }
  if (!isNumeric(value)) throw unsupportedConversion(value, "decimal");
  if (value instanceof Decimal128) return value;
  const number = numberOf(value) ?? 0;
  if (!Number.isFinite(number)) return Decimal128.fromString(String(number));
  return Number.isInteger(number) ? toDecimal128(decimalOf(value)) : Decimal128.fromString(String(number));
}

function toText(value: Value): Value {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof ObjectId) return value.toHexString();
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || isNumeric(value))
    return value instanceof Double ? String(value.value) : String(value);
  throw unsupportedConversion(value, "string");
}

function toDate(value: Value): Value {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  if (isNumeric(value) && typeof value !== "number") return new Date(numberOf(value) ?? 0);
  if (typeof value === "number" && !isInt32(value)) return new Date(Math.trunc(value));
  if (typeof value !== "string") throw unsupportedConversion(value, "date");
  const time = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`);
  const date = new Date(Number.isNaN(time) ? Date.parse(value) : time);
  if (Number.isNaN(date.getTime())) throw conversionFailure(value, "date");
  return date;
}

function toObjectId(value: Value): Value {
  if (value instanceof ObjectId) return value;
  if (typeof value !== "string") throw unsupportedConversion(value, "objectId");
  if (!/^[0-9a-f]{24}$/i.test(value)) throw conversionFailure(value, "objectId");
  return new ObjectId(value);
}

const toBool = (value: Value): Value => (isNumeric(value) ? numberOf(value) !== 0 : value !== false);

const CONVERSIONS: Readonly<Record<string, (value: Value) => Value>> = {
  int: toInt,
  long: toLong,
  double: toDouble,
  decimal: toDecimal,
  string: toText,
  date: toDate,
  objectId: toObjectId,
  bool: toBool,
};

/** Converts a value to a type given by alias or number. @throws ServerError ConversionFailure (241) */
export function convert(value: Value, to: Value): Value {
  const name = typeof to === "string" ? to : typeNumbered(numberOf(to) ?? Number.NaN);
  const conversion = name === undefined || !Object.hasOwn(CONVERSIONS, name) ? undefined : CONVERSIONS[name];
  if (conversion === undefined) {
    if (name === undefined || !isTypeName(name)) throw new ServerError("BadValue", `Unknown type name: ${String(to)}`);
    throw unsupportedConversion(value, name);
  }
  return conversion(value);
}

const converting = (apply: (value: Value) => Value): FunctionTable[string] => ({
  arity: ONE,
  apply: ([value]) => (isNothing(value) ? null : apply(value)),
});

/** `$toInt` and its kin, `$type`. */
export const CONVERSION: FunctionTable = {
  $toInt: converting(toInt),
  $toLong: converting(toLong),
  $toDouble: converting(toDouble),
  $toDecimal: converting(toDecimal),
  $toString: converting(toText),
  $toDate: converting(toDate),
  $toObjectId: converting(toObjectId),
  $toBool: converting(toBool),
  $type: { arity: ONE, apply: ([value]) => typeOf(value) },
  $isNumber: { arity: ONE, apply: ([value]) => isNumeric(value) },
};
