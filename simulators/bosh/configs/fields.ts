import { DirectorError } from "../wire/errors.ts";
import { inspect } from "../templates/ruby.ts";

/** A mapping of parsed YAML. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether it is a mapping, as opposed to a list or a plain value. */
export function isHash(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value where it is a mapping, else an empty one. */
export const asFields = (value: unknown): Fields => (isHash(value) ? value : {});

interface FieldTypes {
  string: string;
  integer: number;
  array: readonly unknown[];
  hash: Fields;
  boolean: boolean;
}

type TypeName = keyof FieldTypes;

const TYPE_NAMES = { string: "String", integer: "Integer", array: "Array", hash: "Hash", boolean: "Boolean" } as const;

/** Converts a value to one of these types; undefined where it is of another. Digits pass for a number, and a number for text. */
const CONVERT: { readonly [T in TypeName]: (value: unknown) => FieldTypes[T] | undefined } = {
  string: (value) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined),
  integer: (value) => {
    if (typeof value === "string") return /^\d+$/.test(value) ? Number(value) : undefined;
    return typeof value === "number" && Number.isInteger(value) ? value : undefined;
  },
  array: (value) => (Array.isArray(value) ? value : undefined),
  hash: (value) => (isHash(value) ? value : undefined),
  boolean: (value) => (typeof value === "boolean" ? value : undefined),
};

/** A required property. @throws DirectorError 40001 missing, 40000 of another type */
export function requireField<T extends TypeName>(fields: Fields, name: string, type: T): FieldTypes[T] {
  const value = optionalField(fields, name, type);
  if (value !== undefined) return value;
  throw new DirectorError(40001, `Required property '${name}' was not specified in object (${inspect(fields)})`);
}

/** An optional property. @throws DirectorError 40000 of another type */
export function optionalField<T extends TypeName>(fields: Fields, name: string, type: T): FieldTypes[T] | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  const converted = CONVERT[type](value);
  if (converted !== undefined) return converted;
  throw new DirectorError(
    40000,
    `Property '${name}' value (${inspect(value)}) did not match the required type '${TYPE_NAMES[type]}'`,
  );
}

/** The mappings in a list; none where the value is no list. */
export const readHashes = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isHash) : []);

/** The elements of a list as mappings. @throws DirectorError 40000 where one is something else */
export const requireHashes = (list: readonly unknown[]): readonly Fields[] =>
  list.map((value) => {
    if (isHash(value)) return value;
    throw new DirectorError(40000, `Object (${inspect(value)}) did not match the required type 'Hash'`);
  });
