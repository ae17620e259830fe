import { Binary, BSONRegExp, BSONSymbol, Code, ObjectId, Timestamp } from "bson";
import { compareNumbers } from "./numbers.ts";
import { type Document, isArray, isDocument, isNumeric, rankOf, type Value } from "./value.ts";

/**
 * Compares texts: -1, 0 or 1. A collation is such a function; the default compares code points, which is the
 * order of UTF-8 bytes.
 */
export type TextOrder = (a: string, b: string) => number;

const SURROGATES_FROM = 0xd800;

/** Code points above the basic plane come last, as in UTF-8; JavaScript compares surrogates. */
export const byCodePoint: TextOrder = (a, b) => {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x === y) continue;
    if (x < SURROGATES_FROM || y < SURROGATES_FROM) return x < y ? -1 : 1;
    return (a.codePointAt(at) ?? 0) < (b.codePointAt(at) ?? 0) ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
};

const textOf = (value: Value): string => (value instanceof BSONSymbol ? value.value : String(value));

/** The order of values across all types (MongoDB manual, "Comparison/Sort Order"): -1, 0 or 1. Absent comes before null. */
export function compare(a: Value, b: Value, texts: TextOrder = byCodePoint): number {
  if (a === b && a !== undefined && typeof a !== "object") return 0;
  const rank = rankOf(a);
  const difference = rank - rankOf(b);
  if (difference !== 0) return Math.sign(difference);
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b);
  if (isDocument(a) && isDocument(b)) return compareDocuments(a, b, texts);
  if (isArray(a) && isArray(b)) return compareArrays(a, b, texts);
  if (a instanceof Date && b instanceof Date) return Math.sign(a.getTime() - b.getTime());
  if (a instanceof ObjectId && b instanceof ObjectId) return Math.sign(Buffer.compare(a.id, b.id));
  if (typeof a === "boolean") return a === b ? 0 : a ? 1 : -1;
  if (typeof a === "string" || a instanceof BSONSymbol) return texts(textOf(a), textOf(b));
  return compareRarer(a, b);
}

function compareRarer(a: Value, b: Value): number {
  if (a instanceof Timestamp && b instanceof Timestamp) {
    const [x, y] = [a.toBigInt(), b.toBigInt()];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a instanceof Binary && b instanceof Binary)
    return Math.sign(a.length() - b.length() || a.sub_type - b.sub_type || Buffer.compare(bytesOf(a), bytesOf(b)));
  if (a instanceof BSONRegExp && b instanceof BSONRegExp)
    return byCodePoint(a.pattern, b.pattern) || byCodePoint(a.options, b.options);
  if (a instanceof Code && b instanceof Code) return byCodePoint(String(a.code), String(b.code));
  return 0;
}

/** The bytes of a binary. */
export const bytesOf = (value: Binary): Buffer => Buffer.from(value.buffer).subarray(0, value.position);

function compareDocuments(a: Document, b: Document, texts: TextOrder): number {
  const [xs, ys] = [Object.entries(a), Object.entries(b)];
  for (const [at, [name, value]] of xs.entries()) {
    const other = ys[at];
    if (other === undefined) return 1;
    const order =
      Math.sign(rankOf(value) - rankOf(other[1])) || byCodePoint(name, other[0]) || compare(value, other[1], texts);
    if (order !== 0) return order;
  }
  return xs.length < ys.length ? -1 : 0;
}

function compareArrays(a: readonly Value[], b: readonly Value[], texts: TextOrder): number {
  for (const [at, value] of a.entries()) {
    if (at >= b.length) return 1;
    const order = compare(value, b[at], texts);
    if (order !== 0) return order;
  }
  return a.length < b.length ? -1 : 0;
}

/** Whether they compare as equal. */
export const equals = (a: Value, b: Value, texts?: TextOrder): boolean => compare(a, b, texts) === 0;

/** Whether they have the same value and the same type, by which an update decides whether it changes anything. */
export function isIdentical(a: Value, b: Value): boolean {
  if (isDocument(a) && isDocument(b)) {
    const [xs, ys] = [Object.keys(a), Object.keys(b)];
    return xs.length === ys.length && xs.every((name, at) => name === ys[at] && isIdentical(a[name], b[name]));
  }
  if (isArray(a) && isArray(b)) return a.length === b.length && a.every((each, at) => isIdentical(each, b[at]));
  return (
    a === b ||
    (typeof a === typeof b && a?.constructor === b?.constructor && compare(a, b) === 0 && String(a) === String(b))
  );
}
