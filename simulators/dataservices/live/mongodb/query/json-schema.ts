import { compare, equals } from "../values/compare.ts";
import { keyOf } from "../values/key.ts";
import {
  type Document,
  isArray,
  isDocument,
  isNumeric,
  isTypeName,
  numberOf,
  typeOf,
  type Value,
} from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { compileRegex } from "./regex.ts";

type Check = (value: Value) => boolean;
type Keyword = (operand: Value, schema: Document) => Check;

/** The types of JSON Schema itself; `bsonType` takes the aliases of BSON as well. */
const JSON_TYPES: Readonly<Record<string, Check>> = {
  object: isDocument,
  array: (value) => Array.isArray(value),
  number: (value) => isNumeric(value),
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  null: (value) => value === null,
};

/** Code points, as JSON Schema counts. */
const charactersIn = (text: string): number => Array.from(text).length;

const isAnnotation = new Set(["title", "description"]);

function documentOf(value: Value, name: string): Document {
  if (!isDocument(value)) throw new ServerError("TypeMismatch", `$jsonSchema keyword '${name}' must be an object`);
  return value;
}

function listOf(value: Value, name: string): readonly Value[] {
  if (!isArray(value)) throw new ServerError("TypeMismatch", `$jsonSchema keyword '${name}' must be an array`);
  return value;
}

function countOf(value: Value, name: string): number {
  const number = numberOf(value);
  if (number === undefined || !Number.isInteger(number) || number < 0)
    throw new ServerError("FailedToParse", `$jsonSchema keyword '${name}' must be a non-negative integer`);
  return number;
}

function typeCheck(operand: Value, name: "type" | "bsonType"): Check {
  const checks = (isArray(operand) ? operand : [operand]).map((each): Check => {
    if (typeof each !== "string")
      throw new ServerError("TypeMismatch", `$jsonSchema keyword '${name}' must be a string`);
    if (each === "integer")
      throw new ServerError("FailedToParse", "$jsonSchema type 'integer' is not currently supported.");
    const check = name === "type" || each === "number" ? JSON_TYPES[each] : undefined;
    if (check !== undefined) return check;
    if (name === "type" || !isTypeName(each)) throw new ServerError("BadValue", `Unknown type name alias: ${each}`);
    return (value) => typeOf(value) === each;
  });
  return (value) => checks.some((check) => check(value));
}

const whenNumber =
  (fits: (value: Value) => boolean): Check =>
  (value) =>
    !isNumeric(value) || fits(value);
const whenText =
  (fits: (text: string) => boolean): Check =>
  (value) =>
    typeof value !== "string" || fits(value);
const whenArray =
  (fits: (values: readonly Value[]) => boolean): Check =>
  (value) =>
    !isArray(value) || fits(value);
const whenDocument =
  (fits: (document: Document) => boolean): Check =>
  (value) =>
    !isDocument(value) || fits(value);

const schemas = (operand: Value, name: string): readonly Check[] =>
  listOf(operand, name).map((each) => checkOf(documentOf(each, name)));

/** The keywords of draft 4 that the server accepts (MongoDB manual, "$jsonSchema"). */
const KEYWORDS: Readonly<Record<string, Keyword>> = {
  bsonType: (operand) => typeCheck(operand, "bsonType"),
  type: (operand) => typeCheck(operand, "type"),
  enum: (operand) => {
    const values = listOf(operand, "enum");
    return (value) => values.some((each) => equals(each, value));
  },
  ["required"]: (operand) => {
    const names = listOf(operand, "required").map(String);
    return whenDocument((document) => names.every((name) => Object.hasOwn(document, name)));
  },
  properties: (operand) => {
    const checks = Object.entries(documentOf(operand, "properties")).map(
      ([name, each]) => [name, checkOf(documentOf(each, name))] as const,
    );
    return whenDocument((document) =>
      checks.every(([name, check]) => !Object.hasOwn(document, name) || check(document[name])),
    );
  },
  patternProperties: (operand) => {
    const checks = patternsOf(operand).map(
      ([test, each]) => [test, checkOf(documentOf(each, "patternProperties"))] as const,
    );
    return whenDocument((document) =>
      Object.entries(document).every(([name, value]) => checks.every(([test, check]) => !test(name) || check(value))),
    );
  },
  additionalProperties: (operand, schema) => {
    const named = isDocument(schema.properties) ? Object.keys(schema.properties) : [];
    const patterns = patternsOf(schema.patternProperties ?? {}).map(([test]) => test);
    const check = isDocument(operand) ? checkOf(operand) : () => operand !== false;
    const isExtra = (name: string): boolean => !named.includes(name) && !patterns.some((test) => test(name));
    return whenDocument((document) =>
      Object.entries(document).every(([name, value]) => !isExtra(name) || check(value)),
    );
  },
  minProperties: (operand) => {
    const count = countOf(operand, "minProperties");
    return whenDocument((document) => Object.keys(document).length >= count);
  },
  maxProperties: (operand) => {
    const count = countOf(operand, "maxProperties");
    return whenDocument((document) => Object.keys(document).length <= count);
  },
  minimum: (operand, schema) =>
    whenNumber((value) => compare(value, operand) > (schema.exclusiveMinimum === true ? 0 : -1)),
  maximum: (operand, schema) =>
    whenNumber((value) => compare(value, operand) < (schema.exclusiveMaximum === true ? 0 : 1)),
  exclusiveMinimum: () => () => true,
  exclusiveMaximum: () => () => true,
  multipleOf: (operand) => whenNumber((value) => (numberOf(value) ?? 0) % (numberOf(operand) ?? 1) === 0),
  minLength: (operand) => {
    const count = countOf(operand, "minLength");
    return whenText((text) => charactersIn(text) >= count);
  },
  maxLength: (operand) => {
    const count = countOf(operand, "maxLength");
    return whenText((text) => charactersIn(text) <= count);
  },
  pattern: (operand) => whenText(compileRegex(String(operand), "")),
  minItems: (operand) => {
    const count = countOf(operand, "minItems");
    return whenArray((values) => values.length >= count);
  },
  maxItems: (operand) => {
    const count = countOf(operand, "maxItems");
    return whenArray((values) => values.length <= count);
  },
  uniqueItems: (operand) =>
    whenArray((values) => operand !== true || new Set(values.map(keyOf)).size === values.length),
  items: (operand) => {
    if (isDocument(operand)) {
      const check = checkOf(operand);
      return whenArray((values) => values.every(check));
    }
    const checks = schemas(operand, "items");
    return whenArray((values) => checks.every((check, at) => at >= values.length || check(values[at])));
  },
  additionalItems: (operand, schema) => {
    const from = isArray(schema.items) ? schema.items.length : Number.POSITIVE_INFINITY;
    const check = isDocument(operand) ? checkOf(operand) : () => operand !== false;
    return whenArray((values) => values.slice(from).every(check));
  },
  allOf: (operand) => {
    const checks = schemas(operand, "allOf");
    return (value) => checks.every((check) => check(value));
  },
  anyOf: (operand) => {
    const checks = schemas(operand, "anyOf");
    return (value) => checks.some((check) => check(value));
  },
  oneOf: (operand) => {
    const checks = schemas(operand, "oneOf");
    return (value) => checks.filter((check) => check(value)).length === 1;
  },
  not: (operand) => {
    const check = checkOf(documentOf(operand, "not"));
    return (value) => !check(value);
  },
  dependencies: (operand) => {
    const checks = Object.entries(documentOf(operand, "dependencies")).map(
      ([name, each]) =>
        [
          name,
          isArray(each)
            ? (document: Value) => isDocument(document) && each.every((other) => Object.hasOwn(document, String(other)))
            : checkOf(documentOf(each, name)),
        ] as const,
    );
    return whenDocument((document) =>
      checks.every(([name, check]) => !Object.hasOwn(document, name) || check(document)),
    );
  },
};

const patternsOf = (operand: Value): readonly (readonly [Check, Value])[] =>
  Object.entries(documentOf(operand, "patternProperties")).map(([pattern, each]) => [compileRegex(pattern, ""), each]);

function checkOf(schema: Document): Check {
  const checks = Object.entries(schema).flatMap(([name, operand]) => {
    if (isAnnotation.has(name)) return [];
    if (name.startsWith("encrypt")) throw notSimulated(`$jsonSchema keyword '${name}'`);
    const keyword = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
    if (keyword === undefined) throw new ServerError("FailedToParse", `Unknown $jsonSchema keyword: ${name}`);
    return [keyword(operand, schema)];
  });
  return (value) => checks.every((check) => check(value));
}

/** Compiles a schema. @throws ServerError FailedToParse, TypeMismatch, BadValue */
export function compileSchema(schema: Value): (document: Document) => boolean {
  return checkOf(documentOf(schema, "$jsonSchema"));
}
