import { inspect, rubyInstance } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";

/** A mapping of parsed YAML. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether it is a mapping, as opposed to a list or a plain value. */
export function isHash(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value if it is a mapping, otherwise an empty one. */
export const asFields = (value: unknown): Fields => (isHash(value) ? value : {});

interface FieldTypes {
  string: string;
  integer: number;
  array: readonly unknown[];
  hash: Fields;
  boolean: boolean;
}

type TypeName = keyof FieldTypes;

/** Their names in the director's messages. */
const TYPE_NAMES = { string: "String", integer: "Integer", array: "Array", hash: "Hash", boolean: "boolean" } as const;

/**
 * Converts a value to one of these types; undefined if it is of another type. A number passes as text, but
 * not vice versa.
 */
const CONVERT: { readonly [T in TypeName]: (value: unknown) => FieldTypes[T] | undefined } = {
  string: (value) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined),
  integer: (value) => (typeof value === "number" && Number.isInteger(value) ? value : undefined),
  array: (value) => (Array.isArray(value) ? value : undefined),
  hash: (value) => (isHash(value) ? value : undefined),
  boolean: (value) => (typeof value === "boolean" ? value : undefined),
};

/** A required property (`safe_property` in bosh-director's validation_helper.rb). @throws DirectorError 40001 missing, 40000 of another type */
export function requireField<T extends TypeName>(fields: unknown, name: string, type: T): FieldTypes[T] {
  const value = optionalField(fields, name, type);
  if (value !== undefined) return value;
  throw new DirectorError(40001, `Required property '${name}' was not specified in object (${inspect(fields)})`);
}

/** An optional property. If given, it must be of the type; null is not. @throws DirectorError 40000 of another type */
export function optionalField<T extends TypeName>(fields: unknown, name: string, type: T): FieldTypes[T] | undefined {
  if (fields === undefined || fields === null) return undefined;
  if (!isHash(fields)) throw notHash(fields);
  if (!Object.hasOwn(fields, name)) return undefined;
  const converted = CONVERT[type](fields[name]);
  if (converted !== undefined) return converted;
  throw new DirectorError(
    40000,
    `Property '${name}' value (${inspect(fields[name])}) did not match the required type '${TYPE_NAMES[type]}'`,
  );
}

const notHash = (value: unknown): DirectorError =>
  new DirectorError(40000, `Object (${inspect(value)}) did not match the required type 'Hash'`);

/** The value of a property, of any type; undefined if it is not given. @throws DirectorError 40000 if there can be no properties */
export function anyField(fields: unknown, name: string): unknown {
  if (fields === undefined || fields === null) return undefined;
  if (!isHash(fields)) throw notHash(fields);
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** What Ruby's `value["name"]` is: of texts the part that is the name. @throws DirectorError 100 in Ruby's words for what has no such parts */
export function indexField(value: unknown, name: string): unknown {
  if (isHash(value)) return Object.hasOwn(value, name) ? value[name] : undefined;
  if (typeof value === "string") return value.includes(name) ? name : undefined;
  const isIndexed = Array.isArray(value) || Number.isInteger(value);
  throw new DirectorError(
    UNCLASSED,
    isIndexed ? "no implicit conversion of String into Integer" : `undefined method '[]' for ${rubyInstance(value)}`,
  );
}

/** The mappings in a list; none if the value is not a list. */
export const readHashes = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isHash) : []);
