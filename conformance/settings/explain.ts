import FORMER_KEYS from "./former-keys.json" with { type: "json" };
import { suggestionsFor } from "../client/errors/nearest.ts";
import { type Json, isArray, isObject } from "../client/http/json.ts";
import { knownKeys, memberSchemas, type SchemaNode } from "./schema-path.ts";

/** The part of a validation error that explanations use. */
interface SchemaError {
  readonly keyword: string;
  /** Where the value is, as a JSON pointer. */
  readonly instancePath: string;
}

const segmentsOf = (pointer: string): readonly string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));

interface Place {
  readonly path: readonly string[];
  readonly value: Json | undefined;
  readonly schemas: readonly SchemaNode[];
}

function memberOf(value: Json | undefined, key: string): Json | undefined {
  if (isArray(value)) return value[Number(key)];
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The places on the path from the whole file to an error, outermost first. */
function placesTo(segments: readonly string[], value: Json, schema: SchemaNode): readonly Place[] {
  const places: Place[] = [{ path: [], value, schemas: [schema] }];
  for (const segment of segments) {
    const last = places.at(-1);
    if (last === undefined) break;
    places.push({
      path: [...last.path, segment],
      value: memberOf(last.value, segment),
      schemas: last.schemas.flatMap((node) => memberSchemas(node, segment)),
    });
  }
  return places;
}

/** Keys that have been renamed, each with its present name. */
const NEW_NAMES: ReadonlyMap<string, string> = new Map(Object.entries(FORMER_KEYS));

const nameOf = (path: readonly string[]): string => (path.length === 0 ? "the file" : `"${path.join(".")}"`);

/** Refuses a key that a mapping can't have, with the keys that were probably meant. */
function explainUnknownKey({ path, value, schemas }: Place): string | undefined {
  const keys = schemas.flatMap(knownKeys);
  if (!isObject(value) || keys.length === 0) return undefined;
  const stray = Object.keys(value).find((key) => !keys.includes(key));
  if (stray === undefined) return undefined;
  const name = [...path, stray].join(".");
  const current = NEW_NAMES.get(name);
  if (current !== undefined) return `"${name}" is now called "${current}": rename the key`;
  const hint = suggestionsFor(stray, keys) || `: there are ${[...new Set(keys)].join(", ")}`;
  return `unknown key "${name}"${hint}`;
}

/** The expected value, at the innermost place for which the schema has words. */
function explainValue(places: readonly Place[]): string {
  for (const { path, value, schemas } of places.toReversed()) {
    const expected = schemas.find((node) => node.expected !== undefined)?.expected;
    if (expected === undefined) continue;
    if (expected === "a mapping" && !isObject(value)) return `${nameOf(path)} is not a mapping`;
    return `${nameOf(path)} must be ${expected}`;
  }
  return `${nameOf([])} is not what the schema says`;
}

/** The first error of a file in one line: unknown keys before wrong values, outermost first. */
export function explain(errors: readonly SchemaError[], file: Json, schema: SchemaNode): string {
  // The mere presence of a forbidden key is an error, which the enclosing mapping reports as well.
  const telling = errors.filter(({ keyword }) => keyword !== "boolean");
  const ways = telling.map(({ instancePath }) => placesTo(segmentsOf(instancePath), file, schema));
  const stray = ways
    .flat()
    .map(explainUnknownKey)
    .find((line) => line !== undefined);
  if (stray !== undefined) return stray;
  const [first = []] = ways.toSorted((a, b) => b.length - a.length);
  return explainValue(first);
}
