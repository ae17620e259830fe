import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from "bson";

/**
 * A value in the engine's form. A JavaScript number is an int32 if it is whole and fits, otherwise a double;
 * a double that is whole and would fit an int32 is a `Double`, so that no type is lost; an int64 is a bigint.
 * Values are never changed in place.
 */
export type Value =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Date
  | Double
  | Decimal128
  | ObjectId
  | Binary
  | Timestamp
  | BSONRegExp
  | BSONSymbol
  | Code
  | MinKey
  | MaxKey
  | readonly Value[]
  | Document;

/** An embedded document: an own property for each field, in order. `undefined` stands for an absent field. */
export interface Document {
  readonly [name: string]: Value;
}

/** A document under construction. */
export type Draft = Record<string, Value>;

/** The numeric types. */
export type Numeric = number | bigint | Double | Decimal128;

const INT32_MAX = 2_147_483_647;
const INT32_MIN = -2_147_483_648;

/** Whether the number is an int32. */
export const isInt32 = (value: number): boolean =>
  Number.isInteger(value) && value <= INT32_MAX && value >= INT32_MIN && !Object.is(value, -0);

/** A double in the engine's form. */
export const doubleOf = (value: number): number | Double => (isInt32(value) ? new Double(value) : value);

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** Whether it fits an int64. */
export const isInt64 = (value: bigint): boolean => value <= INT64_MAX && value >= INT64_MIN;

/** Whether it is an embedded document. */
export function isDocument(value: unknown): value is Document {
  if (typeof value !== "object" || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** Whether it is an array. */
export const isArray = (value: Value): value is readonly Value[] => Array.isArray(value);

/** Whether it is of a numeric type. */
export const isNumeric = (value: Value): value is Numeric =>
  typeof value === "number" || typeof value === "bigint" || value instanceof Double || value instanceof Decimal128;

/** A field of a document; undefined if it is absent. */
export const fieldOf = (document: Document, name: string): Value =>
  Object.hasOwn(document, name) ? document[name] : undefined;

/** The nearest plain number to a numeric value; undefined if it is not a number. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Double) return value.value;
  if (value instanceof Decimal128) return Number(value.toString());
  return undefined;
}

/** The truth of a value: false, null, absent and zero are false; everything else is true. */
export function isTruthy(value: Value): boolean {
  if (value === undefined || value === null || value === false) return false;
  return !isNumeric(value) || numberOf(value) !== 0;
}

/** The BSON types: number on the wire, alias in `$type`, and the place in the order of types (`src/mongo/bson/bsontypes.h`). */
const TYPES = {
  minKey: { number: -1, rank: -1 },
  missing: { number: 0, rank: 0 },
  double: { number: 1, rank: 10 },
  string: { number: 2, rank: 15 },
  object: { number: 3, rank: 20 },
  array: { number: 4, rank: 25 },
  binData: { number: 5, rank: 30 },
  objectId: { number: 7, rank: 35 },
  bool: { number: 8, rank: 40 },
  date: { number: 9, rank: 45 },
  null: { number: 10, rank: 5 },
  regex: { number: 11, rank: 50 },
  javascript: { number: 13, rank: 60 },
  symbol: { number: 14, rank: 15 },
  javascriptWithScope: { number: 15, rank: 65 },
  int: { number: 16, rank: 10 },
  timestamp: { number: 17, rank: 47 },
  long: { number: 18, rank: 10 },
  decimal: { number: 19, rank: 10 },
  maxKey: { number: 127, rank: 127 },
} as const satisfies Record<string, { readonly number: number; readonly rank: number }>;

/** An alias of a BSON type, as `$type` has it. */
export type TypeName = keyof typeof TYPES;

const OBJECTS: readonly (readonly [new (...args: never[]) => object, TypeName])[] = [
  [Date, "date"],
  [ObjectId, "objectId"],
  [Double, "double"],
  [Decimal128, "decimal"],
  [Timestamp, "timestamp"],
  [Binary, "binData"],
  [BSONRegExp, "regex"],
  [BSONSymbol, "symbol"],
  [MinKey, "minKey"],
  [MaxKey, "maxKey"],
];

/** The type of a value. */
export function typeOf(value: Value): TypeName {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (typeof value === "string") return "string";
  if (typeof value === "number") return isInt32(value) ? "int" : "double";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "long";
  if (Array.isArray(value)) return "array";
  if (isDocument(value)) return "object";
  if (value instanceof Code) return value.scope ? "javascriptWithScope" : "javascript";
  return OBJECTS.find(([kind]) => value instanceof kind)?.[1] ?? "object";
}

/** The place of a value's type in the order of types. */
export const rankOf = (value: Value): number => TYPES[typeOf(value)].rank;

/** Whether it is an alias of a type. */
export const isTypeName = (name: string): name is TypeName => Object.hasOwn(TYPES, name) && name !== "missing";

/** The type with a number that `$type` may name; undefined if there is none. */
export const typeNumbered = (number: number): TypeName | undefined =>
  Object.keys(TYPES)
    .filter(isTypeName)
    .find((name) => TYPES[name].number === number);
