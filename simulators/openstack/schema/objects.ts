import { isObject } from "../../kernel/index.ts";
import { repr } from "../python/index.ts";
import { checkThat, failureAt, failureWithin, listNames } from "./failure.ts";
import { schemaPattern } from "./patterns.ts";
import type { Check, Formats, Schema, SchemaFailure, Validate } from "./schema.ts";

function unknownNames(value: Readonly<Record<string, unknown>>, schema: Schema): string[] {
  const patterns = Object.keys(schema.patternProperties ?? {});
  return Object.keys(value).filter(
    (name) =>
      !Object.hasOwn(schema.properties ?? {}, name) && !patterns.some((source) => schemaPattern(source).test(name)),
  );
}

function additionalMessage(names: readonly string[], schema: Schema): string {
  const patterns = Object.keys(schema.patternProperties ?? {}).sort();
  if (patterns.length === 0) {
    const verb = names.length === 1 ? "was" : "were";
    return `Additional properties are not allowed (${listNames(names)} ${verb} unexpected)`;
  }
  const verb = names.length === 1 ? "does" : "do";
  return `${listNames([...names].sort())} ${verb} not match any of the regexes: ${listNames(patterns)}`;
}

function checkEach(
  names: readonly string[],
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  formats: Formats,
  validate: Validate,
): SchemaFailure | undefined {
  for (const name of names) {
    const failure = validate(schema, value[name], formats);
    if (failure !== undefined) return failureWithin(failure, [name], ["additionalProperties"]);
  }
  return undefined;
}

const checkAdditional: Check = (value, schema, formats, validate) => {
  const allowed = schema.additionalProperties;
  if (!isObject(value) || allowed === true || allowed === undefined) return undefined;
  const names = unknownNames(value, schema);
  if (allowed !== false) return checkEach(names, value, allowed, formats, validate);
  if (names.length === 0) return undefined;
  return failureAt(value, schema, "additionalProperties", additionalMessage(names, schema));
};

const checkProperties: Check = (value, { properties = {} }, formats, validate) => {
  if (!isObject(value)) return undefined;
  for (const name in properties) {
    const schema = properties[name];
    if (schema === undefined || !Object.hasOwn(value, name)) continue;
    const failure = validate(schema, value[name], formats);
    if (failure !== undefined) return failureWithin(failure, [name], ["properties", name]);
  }
  return undefined;
};

const checkPatternProperties: Check = (value, schema, formats, validate) => {
  if (!isObject(value)) return undefined;
  for (const [source, part] of Object.entries(schema.patternProperties ?? {})) {
    for (const name of Object.keys(value)) {
      const failure = schemaPattern(source).test(name) ? validate(part, value[name], formats) : undefined;
      if (failure !== undefined) return failureWithin(failure, [name], ["patternProperties", source]);
    }
  }
  return undefined;
};

const firstMissing = (value: unknown, schema: Schema): string | undefined =>
  isObject(value) ? schema.required?.find((name) => !Object.hasOwn(value, name)) : undefined;

const checkDependencies: Check = (value, schema) => {
  if (!isObject(value)) return undefined;
  for (const [name, needs] of Object.entries(schema.dependencies ?? {})) {
    const missing = Object.hasOwn(value, name) ? needs.find((need) => !Object.hasOwn(value, need)) : undefined;
    if (missing !== undefined)
      return failureAt(value, schema, "dependencies", `${repr(missing)} is a dependency of ${repr(name)}`);
  }
  return undefined;
};

const countProperties = (value: unknown): number => (isObject(value) ? Object.keys(value).length : 0);

/** Keywords about the members of an object. */
export const OBJECT_CHECKS = {
  properties: checkProperties,
  patternProperties: checkPatternProperties,
  additionalProperties: checkAdditional,
  dependencies: checkDependencies,
  required: checkThat(
    "required",
    (value, schema) => firstMissing(value, schema) !== undefined,
    (value, schema) => `${repr(firstMissing(value, schema))} is a required property`,
  ),
  minProperties: checkThat(
    "minProperties",
    (value, { minProperties = 0 }) => isObject(value) && countProperties(value) < minProperties,
    (value) => `${repr(value)} does not have enough properties`,
  ),
  maxProperties: checkThat(
    "maxProperties",
    (value, { maxProperties = Infinity }) => countProperties(value) > maxProperties,
    (value) => `${repr(value)} has too many properties`,
  ),
};
