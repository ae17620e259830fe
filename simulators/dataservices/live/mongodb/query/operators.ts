import { Binary, BSONRegExp, Decimal128, MaxKey, MinKey } from "bson";
import { bytesOf, compare, equals, type TextOrder } from "../values/compare.ts";
import {
  isArray,
  isInt32,
  isNumeric,
  isTypeName,
  numberOf,
  rankOf,
  typeNumbered,
  typeOf,
  type TypeName,
  type Value,
} from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { compileRegex } from "./regex.ts";

/** Decides whether a value at the end of a path matches. */
export type Test = (value: Value) => boolean;

const isNothing = (value: Value): boolean => value === null || value === undefined;

/** Equality in a filter: null also matches an absent field, and a regular expression also acts as a pattern. */
export function equalTo(wanted: Value, texts: TextOrder): Test {
  if (isNothing(wanted)) return isNothing;
  if (wanted instanceof BSONRegExp) return compileRegex(wanted.pattern, wanted.options);
  return (value) => equals(value, wanted, texts);
}

/** Comparison within the operand's type; only MinKey and MaxKey compare with every type. */
export function orderTest(wanted: Value, fits: (order: number) => boolean, texts: TextOrder): Test {
  if (wanted instanceof BSONRegExp)
    throw new ServerError("BadValue", "Can't have RegEx as arg to predicate over field.");
  if (isNothing(wanted)) return (value) => isNothing(value) && fits(0);
  const isOfAnyType = wanted instanceof MinKey || wanted instanceof MaxKey;
  const isNan = Number.isNaN(numberOf(wanted));
  const rank = rankOf(wanted);
  return (value) => {
    if (value === undefined || (!isOfAnyType && rankOf(value) !== rank)) return false;
    // NaN equals itself and is neither above nor below.
    if (isNan || (isNumeric(value) && Number.isNaN(numberOf(value)))) return equals(value, wanted) && fits(0);
    return fits(compare(value, wanted, texts));
  };
}

/** One of several values. */
export function memberOf(wanted: Value, texts: TextOrder, name: string): Test {
  if (!isArray(wanted)) throw new ServerError("BadValue", `${name} needs an array`);
  const tests = wanted.map((each) => equalTo(each, texts));
  return (value) => tests.some((test) => test(value));
}

/** The whole number of an operand. @throws ServerError BadValue, FailedToParse */
function wholeNumber(value: Value, what: string): number {
  const number = numberOf(value);
  if (number === undefined || !Number.isSafeInteger(number))
    throw new ServerError("BadValue", `${what} must be a whole number`);
  return number;
}

/** `$mod: [divisor, remainder]`. */
export function modTest(operand: Value): Test {
  if (!isArray(operand)) throw new ServerError("BadValue", "malformed mod, needs to be an array");
  if (operand.length < 2) throw new ServerError("BadValue", "malformed mod, not enough elements");
  if (operand.length > 2) throw new ServerError("BadValue", "malformed mod, too many elements");
  const [divisor = 0, remainder = 0] = operand.map((each) => Math.trunc(numberOf(each) ?? Number.NaN));
  if (!Number.isFinite(divisor)) throw new ServerError("BadValue", "malformed mod, divisor not a number");
  if (divisor === 0) throw new ServerError("BadValue", "divisor cannot be 0");
  return (value) => {
    const number = numberOf(value);
    return number !== undefined && Number.isFinite(number) && Math.trunc(number) % divisor === remainder;
  };
}

/** `$type`: a number, an alias, or a list of them. */
export function typeTest(operand: Value): { readonly test: Test; readonly wantsArray: boolean } {
  const wanted = (isArray(operand) ? operand : [operand]).map(typeNamed);
  if (wanted.length === 0) throw new ServerError("FailedToParse", "$type must match at least one type");
  const test: Test = (value) => wanted.some((each) => (each === "number" ? isNumeric(value) : typeOf(value) === each));
  return { test, wantsArray: wanted.includes("array") };
}

function typeNamed(value: Value): TypeName | "number" {
  if (typeof value === "string") {
    if (value === "number" || isTypeName(value)) return value;
    throw new ServerError("BadValue", `Unknown type name alias: ${value}`);
  }
  const found = isNumeric(value) ? typeNumbered(numberOf(value) ?? Number.NaN) : undefined;
  if (found === undefined || found === "missing")
    throw new ServerError("BadValue", `Invalid numerical type code: ${String(value)}`);
  return found;
}

/** `$bitsAllSet` and its kin: the mask is a number, a binary, or a list of places. */
export function bitsTest(operand: Value, fits: (bits: bigint, mask: bigint) => boolean): Test {
  const mask = maskOf(operand);
  return (value) => {
    const bits = value instanceof Binary ? bitsOfBinary(value) : bitsOfNumber(value);
    return bits !== undefined && fits(bits, mask);
  };
}

const LAST_BIT = 63;

function maskOf(operand: Value): bigint {
  if (operand instanceof Binary) return bitsOfBinary(operand);
  if (isArray(operand)) {
    const places = operand.map((each) => wholeNumber(each, "bit positions"));
    if (places.some((place) => place < 0)) throw new ServerError("BadValue", "bit positions must be >= 0");
    return places.reduce((mask, place) => mask | (1n << BigInt(Math.min(place, LAST_BIT))), 0n);
  }
  const bits = bitsOfNumber(operand);
  if (bits === undefined || bits < 0n)
    throw new ServerError("BadValue", "a bit mask must be a non-negative whole number");
  return bits;
}

function bitsOfNumber(value: Value): bigint | undefined {
  if (typeof value === "bigint") return value;
  const number = numberOf(value);
  return number !== undefined && Number.isInteger(number) ? BigInt(number) : undefined;
}

const bitsOfBinary = (value: Binary): bigint =>
  BigInt(`0x${Buffer.from(bytesOf(value)).reverse().toString("hex") || "0"}`);

/** `$size`. */
export function sizeTest(operand: Value): Test {
  const size = numberOf(operand);
  if (size === undefined || operand instanceof Decimal128)
    throw new ServerError("FailedToParse", "Failed to parse $size. Expected a number");
  if (!isInt32(size) && typeof operand !== "bigint")
    throw new ServerError("FailedToParse", "Failed to parse $size. Expected an integer");
  if (size < 0) throw new ServerError("FailedToParse", "Failed to parse $size. Expected a non-negative number");
  return (value) => isArray(value) && value.length === size;
}

/** A regular expression is equal to itself: `$eq` does not search. */
export function exactRegex(wanted: BSONRegExp): Test {
  return (value) => value instanceof BSONRegExp && value.pattern === wanted.pattern && value.options === wanted.options;
}

/** @throws ServerError BadValue */
export function refuseRegex(operand: Value, name: string): Value {
  if (operand instanceof BSONRegExp) throw new ServerError("BadValue", `Can't have regex as arg to ${name}.`);
  return operand;
}

/** `$regex` with its `$options`. */
export function regexOf(operand: Value, options: Value): Test {
  if (options !== undefined && typeof options !== "string")
    throw new ServerError("BadValue", "$options has to be a string");
  if (operand instanceof BSONRegExp) return compileRegex(operand.pattern, options ?? operand.options);
  if (typeof operand !== "string") throw new ServerError("BadValue", "$regex has to be a string");
  return compileRegex(operand, options ?? "");
}
