import { repr } from "../python/index.ts";

/**
 * The part of JSON Schema (draft 4) that OpenStack's request schemas use. Keywords are tried in the order in which the schema
 * lists them and the first failure is reported, as Python's jsonschema does: the order of members is part of the contract.
 */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly not?: Schema;
  readonly dependencies?: Readonly<Record<string, readonly string[]>>;
  /** For readers; checks nothing. */
  readonly description?: string;
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
}

/** The first failure. `path` leads from the root to `value`, `schemaPath` to the schema that it fails. */
export interface SchemaFailure {
  readonly path: readonly (string | number)[];
  readonly schemaPath: readonly (string | number)[];
  readonly value: unknown;
  readonly message: string;
  /** The keyword that failed and the schema it stands in (Glance and Designate show them). */
  readonly keyword: string;
  readonly schema: Schema;
}

/** A check named by `format`: true when the value is fine, or the message (the default is jsonschema's). */
export type Formats = Readonly<Record<string, (value: unknown) => boolean | string>>;

type Check = (value: unknown, schema: Schema, formats: Formats) => SchemaFailure | undefined;

const NOTHING: Formats = {};
const PATTERNS = new Map<string, RegExp>();

/** Validates and answers with the first failure, `undefined` when there is none. */
export function validate(schema: Schema, value: unknown, formats: Formats = NOTHING): SchemaFailure | undefined {
  for (const keyword in schema) {
    const failure = CHECKS[keyword]?.(value, schema, formats);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  integer: Number.isInteger,
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};

function pattern(source: string): RegExp {
  let compiled = PATTERNS.get(source);
  if (compiled === undefined) PATTERNS.set(source, (compiled = new RegExp(source, "u")));
  return compiled;
}

const fails = (
  keyword: string,
  bad: (value: unknown, schema: Schema) => boolean,
  message: (value: unknown, schema: Schema) => string,
): Check => {
  return (value, schema) => (bad(value, schema) ? failed(value, schema, keyword, message(value, schema)) : undefined);
};

const failed = (value: unknown, schema: Schema, keyword: string, message: string): SchemaFailure => ({
  path: [],
  schemaPath: [],
  value,
  message,
  keyword,
  schema,
});

/** A failure within a part, seen from the whole. */
const within = (
  failure: SchemaFailure | undefined,
  path: readonly (string | number)[],
  schemaPath: readonly (string | number)[],
): SchemaFailure | undefined =>
  failure && { ...failure, path: [...path, ...failure.path], schemaPath: [...schemaPath, ...failure.schemaPath] };

const listed = (names: readonly string[]): string => names.map(repr).join(", ");

function unknownNames(value: Record<string, unknown>, schema: Schema): string[] {
  const patterns = Object.keys(schema.patternProperties ?? {});
  return Object.keys(value).filter(
    (name) => !Object.hasOwn(schema.properties ?? {}, name) && !patterns.some((source) => pattern(source).test(name)),
  );
}

function checkAdditional(value: unknown, schema: Schema, formats: Formats): SchemaFailure | undefined {
  const allowed = schema.additionalProperties;
  if (!isObject(value) || allowed === true || allowed === undefined) return undefined;
  const names = unknownNames(value, schema);
  if (allowed !== false) {
    for (const name of names) {
      const failure = validate(allowed, value[name], formats);
      if (failure !== undefined) return within(failure, [name], ["additionalProperties"]);
    }
    return undefined;
  }
  if (names.length === 0) return undefined;
  const because = (message: string): SchemaFailure => failed(value, schema, "additionalProperties", message);
  const patterns = Object.keys(schema.patternProperties ?? {});
  if (patterns.length > 0) {
    const verb = names.length === 1 ? "does" : "do";
    const sources = [...patterns].sort();
    return because(`${listed([...names].sort())} ${verb} not match any of the regexes: ${listed(sources)}`);
  }
  const verb = names.length === 1 ? "was" : "were";
  return because(`Additional properties are not allowed (${listed(names)} ${verb} unexpected)`);
}

function checkProperties(value: unknown, { properties = {} }: Schema, formats: Formats): SchemaFailure | undefined {
  if (!isObject(value)) return undefined;
  for (const name in properties) {
    const schema = properties[name];
    if (schema === undefined || !Object.hasOwn(value, name)) continue;
    const failure = validate(schema, value[name], formats);
    if (failure !== undefined) return within(failure, [name], ["properties", name]);
  }
  return undefined;
}

function checkPatterns(value: unknown, schema: Schema, formats: Formats): SchemaFailure | undefined {
  if (!isObject(value)) return undefined;
  for (const [source, part] of Object.entries(schema.patternProperties ?? {})) {
    for (const name of Object.keys(value)) {
      const failure = pattern(source).test(name) ? validate(part, value[name], formats) : undefined;
      if (failure !== undefined) return within(failure, [name], ["patternProperties", source]);
    }
  }
  return undefined;
}

function checkItems(value: unknown, { items = {} }: Schema, formats: Formats): SchemaFailure | undefined {
  if (!Array.isArray(value)) return undefined;
  for (const [at, item] of value.entries()) {
    const failure = validate(items, item, formats);
    if (failure !== undefined) return within(failure, [at], ["items"]);
  }
  return undefined;
}

function firstMissing(value: unknown, schema: Schema): string | undefined {
  return isObject(value) ? schema.required?.find((name) => !Object.hasOwn(value, name)) : undefined;
}

function checkFormat(value: unknown, schema: Schema, formats: Formats): SchemaFailure | undefined {
  const verdict = formats[schema.format ?? ""]?.(value) ?? true;
  if (verdict === true) return undefined;
  const message = verdict === false ? `${repr(value)} is not a ${repr(schema.format)}` : verdict;
  return failed(value, schema, "format", message);
}

const validCount = (value: unknown, schemas: readonly Schema[]): number =>
  schemas.filter((schema) => validate(schema, value) === undefined).length;

const codePoints = (value: unknown): number => (typeof value === "string" ? Array.from(value).length : 0);
const size = (value: unknown): number => (isObject(value) ? Object.keys(value).length : 0);
const repeats = (value: unknown): boolean =>
  Array.isArray(value) && new Set(value.map((item) => JSON.stringify(item))).size !== value.length;

const CHECKS: Readonly<Record<string, Check>> = {
  type: fails(
    "type",
    (value, { type = [] }) => ![type].flat().some((name) => TYPES[name]?.(value)),
    (value, { type = [] }) => `${repr(value)} is not of type ${listed([type].flat())}`,
  ),
  properties: checkProperties,
  patternProperties: checkPatterns,
  additionalProperties: checkAdditional,
  required: fails(
    "required",
    (value, schema) => firstMissing(value, schema) !== undefined,
    (value, schema) => `${repr(firstMissing(value, schema))} is a required property`,
  ),
  minProperties: fails(
    "minProperties",
    (value, { minProperties = 0 }) => isObject(value) && size(value) < minProperties,
    (value) => `${repr(value)} does not have enough properties`,
  ),
  maxProperties: fails(
    "maxProperties",
    (value, { maxProperties = Infinity }) => size(value) > maxProperties,
    (value) => `${repr(value)} has too many properties`,
  ),
  items: checkItems,
  minItems: fails(
    "minItems",
    (value, { minItems = 0 }) => Array.isArray(value) && value.length < minItems,
    (value) => `${repr(value)} is too short`,
  ),
  maxItems: fails(
    "maxItems",
    (value, { maxItems = Infinity }) => Array.isArray(value) && value.length > maxItems,
    (value) => `${repr(value)} is too long`,
  ),
  uniqueItems: fails(
    "uniqueItems",
    (value, schema) => schema.uniqueItems === true && repeats(value),
    (value) => `${repr(value)} has non-unique elements`,
  ),
  minLength: fails(
    "minLength",
    (value, { minLength = 0 }) => typeof value === "string" && codePoints(value) < minLength,
    (value) => `${repr(value)} is too short`,
  ),
  maxLength: fails(
    "maxLength",
    (value, { maxLength = Infinity }) => codePoints(value) > maxLength,
    (value) => `${repr(value)} is too long`,
  ),
  pattern: fails(
    "pattern",
    (value, schema) => typeof value === "string" && !pattern(schema.pattern ?? "").test(value),
    (value, schema) => `${repr(value)} does not match ${repr(schema.pattern)}`,
  ),
  minimum: fails(
    "minimum",
    (value, { minimum = -Infinity }) => typeof value === "number" && value < minimum,
    (value, { minimum }) => `${repr(value)} is less than the minimum of ${minimum}`,
  ),
  maximum: fails(
    "maximum",
    (value, { maximum = Infinity }) => typeof value === "number" && value > maximum,
    (value, { maximum }) => `${repr(value)} is greater than the maximum of ${maximum}`,
  ),
  enum: fails(
    "enum",
    (value, schema) => !schema.enum?.some((item) => item === value),
    (value, schema) => `${repr(value)} is not one of ${repr(schema.enum)}`,
  ),
  format: checkFormat,
  oneOf: fails(
    "oneOf",
    (value, { oneOf = [] }) => validCount(value, oneOf) !== 1,
    (value, { oneOf = [] }) =>
      validCount(value, oneOf) === 0
        ? `${repr(value)} is not valid under any of the given schemas`
        : `${repr(value)} is valid under each of ${oneOf
            .filter((schema) => validate(schema, value) === undefined)
            .map(repr)
            .reverse()
            .join(", ")}`,
  ),
  anyOf: fails(
    "anyOf",
    (value, { anyOf = [] }) => validCount(value, anyOf) === 0,
    (value) => `${repr(value)} is not valid under any of the given schemas`,
  ),
  allOf: (value, schema, formats) => {
    for (const [at, part] of (schema.allOf ?? []).entries()) {
      const failure = validate(part, value, formats);
      if (failure !== undefined) return within(failure, [], ["allOf", at]);
    }
    return undefined;
  },
  not: fails(
    "not",
    (value, { not = {} }) => validate(not, value) === undefined,
    (value, { not }) => `${repr(value)} should not be valid under ${repr(not)}`,
  ),
  dependencies: (value, schema) => {
    if (!isObject(value)) return undefined;
    for (const [name, needs] of Object.entries(schema.dependencies ?? {})) {
      const missing = Object.hasOwn(value, name) ? needs.find((need) => !Object.hasOwn(value, need)) : undefined;
      if (missing !== undefined)
        return failed(value, schema, "dependencies", `${repr(missing)} is a dependency of ${repr(name)}`);
    }
    return undefined;
  },
};
