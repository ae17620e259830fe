import { createRequire } from "node:module";
import type { Ajv as AjvClass, Options } from "ajv";
import { type Json, isArray, isObject, type JsonObject, sameJson, stringOf } from "./http/json.ts";

const require = createRequire(import.meta.url);

/** The validators by draft, loaded on first use. */
const DRAFTS: readonly (readonly [pattern: RegExp, module: string, metaSchema?: string])[] = [
  [/draft-04/, "ajv-draft-04"],
  [/draft-06/, "ajv", "ajv/dist/refs/json-schema-draft-06.json"],
  [/draft-07/, "ajv"],
  [/2019-09/, "ajv/dist/2019.js"],
  [/2020-12/, "ajv/dist/2020.js"],
];

const DEFAULT_DRAFT = "http://json-schema.org/draft-07/schema#";

type AjvModule = { readonly default: new (options: Options) => AjvClass };
const makers = new Map<string, AjvModule["default"]>();
/** One for each draft, only to judge schemas: compiling its meta-schema is expensive. */
const judges = new Map<string, AjvClass>();

interface Drafted {
  /** Judges schemas of the draft. */
  readonly judge: AjvClass;
  /** A new one for each schema that has been judged, because two schemas may have the same ids. */
  readonly fresh: () => AjvClass;
}

function draftOf(schema: JsonObject): Drafted | undefined {
  const draft = stringOf(schema["$schema"]) ?? DEFAULT_DRAFT;
  const found = DRAFTS.find(([pattern]) => pattern.test(draft));
  if (found === undefined) return undefined;
  const [{ source: key }, path, metaSchema] = found;
  const make = (options: Options): AjvClass => {
    const module: AjvModule = require(path);
    const maker = makers.get(path) ?? module.default;
    makers.set(path, maker);
    const ajv = new maker({ strict: false, allErrors: false, validateFormats: false, logger: false, ...options });
    if (metaSchema !== undefined) ajv.addMetaSchema(require(metaSchema));
    return ajv;
  };
  const judge = judges.get(key) ?? make({});
  judges.set(key, judge);
  return { judge, fresh: () => make({ validateSchema: false }) };
}

type Compiled =
  | { readonly kind: "valid"; readonly accepts: (value: Json) => boolean }
  | { readonly kind: "invalid"; readonly problem: string }
  | { readonly kind: "unknown-draft" };

/** The number of schemas remembered, and the longest text of one, in characters. */
const REMEMBERED_MAX = 500;
const REMEMBERED_CHARS_MAX = 100_000;

const compiled = new WeakMap<JsonObject, Compiled>();
const remembered = new Map<string, Compiled>();

/** Compiles a schema with the meta-schema of the draft that it declares (draft-07 when it declares none). */
export function compileSchema(schema: JsonObject): Compiled {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const text = JSON.stringify(schema);
  const result = remembered.get(text) ?? compile(schema);
  compiled.set(schema, result);
  if (remembered.size < REMEMBERED_MAX && text.length <= REMEMBERED_CHARS_MAX) remembered.set(text, result);
  return result;
}

function compile(schema: JsonObject): Compiled {
  const draft = draftOf(schema);
  if (draft === undefined) return { kind: "unknown-draft" };
  const { judge, fresh } = draft;
  try {
    if (judge.getSchema(stringOf(schema["$schema"]) ?? DEFAULT_DRAFT) === undefined) return { kind: "unknown-draft" };
    if (judge.validateSchema(schema) !== true) return { kind: "invalid", problem: judge.errorsText(judge.errors) };
    const validate = fresh().compile(schema);
    return { kind: "valid", accepts: (value) => validate(value) === true };
  } catch (error) {
    return { kind: "invalid", problem: error instanceof Error ? error.message : String(error) };
  }
}

function accepts(schema: JsonObject, value: Json): boolean {
  const result = compileSchema(schema);
  return result.kind === "valid" && result.accepts(value);
}

function propertiesOf(schema: JsonObject): readonly (readonly [string, JsonObject])[] {
  const properties = schema["properties"];
  if (!isObject(properties)) return [];
  return Object.entries(properties).filter((entry): entry is [string, JsonObject] => isObject(entry[1]));
}

/** Values that a schema of one property may accept, simplest first. */
function candidates(schema: JsonObject): Json[] {
  const { const: constant, default: initial, enum: listed, examples, minimum, maximum, type } = schema;
  const fixed = [constant, initial, ...(isArray(listed) ? listed : []), ...(isArray(examples) ? examples : [])];
  const given = fixed.filter((value) => value !== undefined);
  const types = isArray(type) ? type : [type];
  const low = typeof minimum === "number" ? minimum : 1;
  const high = typeof maximum === "number" ? maximum : low + 1;
  const byType: Record<string, Json[]> = {
    string: ["drydock", "drydock-2", "d", "drydock-conformance-check"],
    integer: [Math.ceil(low), Math.ceil(low) + 1, Math.floor(high)],
    number: [low, low + 1, high],
    boolean: [true, false],
    array: [[]],
    object: type === "object" ? [minimalUnchecked(schema)] : [],
    null: [null],
  };
  return [...given, ...types.flatMap((each) => byType[stringOf(each) ?? "string"] ?? [])];
}

function minimalUnchecked(schema: JsonObject): JsonObject {
  const required = isArray(schema["required"]) ? schema["required"] : [];
  const entries = propertiesOf(schema)
    .filter(([name]) => required.includes(name))
    .map(([name, property]) => [name, candidates(property)[0] ?? "drydock"] as const);
  return Object.fromEntries(entries);
}

/** The smallest parameters that a schema accepts; undefined if none can be found. */
export function minimalFor(schema: JsonObject): JsonObject | undefined {
  const value = minimalUnchecked(schema);
  return accepts(schema, value) ? value : undefined;
}

/**
 * Parameters that a schema accepts and that differ from `other`, in one of `names` if given; undefined if
 * none can be found.
 */
export function differentFrom(
  schema: JsonObject,
  other: JsonObject,
  names?: readonly string[],
): JsonObject | undefined {
  for (const [name, property] of propertiesOf(schema)) {
    if (names?.includes(name) === false) continue;
    for (const value of candidates(property)) {
      const parameters = { ...minimalUnchecked(schema), ...other, [name]: value };
      if (!sameJson(parameters, other) && accepts(schema, parameters)) return parameters;
    }
  }
  return undefined;
}

const WRONG: readonly Json[] = [{ drydock: true }, "not of this type", -1e9, [], true, null];

/** Parameters that a schema refuses because of one property; undefined if it admits everything. */
export function violationOf(schema: JsonObject, base: JsonObject): JsonObject | undefined {
  if (compileSchema(schema).kind !== "valid") return undefined;
  for (const [name] of propertiesOf(schema)) {
    const wrong = WRONG.find((value) => !accepts(schema, { ...base, [name]: value }));
    if (wrong !== undefined) return { ...base, [name]: wrong };
  }
  return accepts(schema, { ...base, "drydock-unknown": true }) ? undefined : { ...base, "drydock-unknown": true };
}
