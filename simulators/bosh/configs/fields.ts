import { DirectorError } from "../wire/errors.ts";
import { inspect } from "../templates/ruby.ts";

/** A mapping of parsed YAML. */
export type Fields = Readonly<Record<string, unknown>>;

/** Is it a mapping, as opposed to a list or a plain value? */
export function isHash(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value where it is a mapping, else an empty one. */
export const asFields = (value: unknown): Fields => (isHash(value) ? value : {});

const TYPE_NAMES = { string: "String", integer: "Integer", array: "Array", hash: "Hash", boolean: "Boolean" } as const;
type TypeName = keyof typeof TYPE_NAMES;

const HOLDS: Record<TypeName, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isInteger(value),
  array: (value) => Array.isArray(value),
  hash: isHash,
  boolean: (value) => typeof value === "boolean",
};

function convertValue(fields: Fields, name: string, type: TypeName): unknown {
  const value = fields[name];
  if (HOLDS[type](value)) return value;
  // The director takes digits for a number, and a number where it wants text.
  if (type === "integer" && typeof value === "string" && /^\d+$/.test(value)) return Number(value);
  if (type === "string" && typeof value === "number") return String(value);
  throw new DirectorError(
    40000,
    `Property '${name}' value (${inspect(value)}) did not match the required type '${TYPE_NAMES[type]}'`,
  );
}

interface FieldTypes {
  string: string;
  integer: number;
  array: readonly unknown[];
  hash: Fields;
  boolean: boolean;
}

/** A property that must be there. @throws DirectorError 40001 missing, 40000 of another type */
export function requireField<T extends TypeName>(fields: Fields, name: string, type: T): FieldTypes[T] {
  if (fields[name] === undefined || fields[name] === null) {
    throw new DirectorError(40001, `Required property '${name}' was not specified in object (${inspect(fields)})`);
  }
  return convertValue(fields, name, type) as FieldTypes[T];
}

/** A property that may be left out. @throws DirectorError 40000 of another type */
export function optionalField<T extends TypeName>(fields: Fields, name: string, type: T): FieldTypes[T] | undefined {
  if (fields[name] === undefined || fields[name] === null) return undefined;
  return convertValue(fields, name, type) as FieldTypes[T];
}

/** The elements of a list as mappings. @throws DirectorError 40000 where one is something else */
export const requireHashes = (list: readonly unknown[]): readonly Fields[] =>
  list.map((value) => {
    if (isHash(value)) return value;
    throw new DirectorError(40000, `Object (${inspect(value)}) did not match the required type 'Hash'`);
  });
