import { durationNs, invalidDuration } from "../duration.ts";
import { type Json, JsonError, parseJson } from "./parse.ts";
import type { Decoded, Shape, Struct } from "./shape.ts";

/**
 * Decodes a body as Go does: names are case-insensitive, the first wrong type or unknown member is reported. `undefined` for null.
 * `namesAlias`: errors name the type behind one that decodes itself, as newer releases of Go do.
 *
 * @throws JsonError in Go's words
 */
export function decodeJson<const S extends Shape>(text: string, shape: S, namesAlias = false): Decoded<S> | undefined {
  aliasPath = namesAlias ? ["Alias"] : [];
  return decode(parseJson(text), shape, "", []) as Decoded<S> | undefined;
}

/** The prefix for members of a type that decodes itself, in the errors of the current call. */
let aliasPath: readonly string[] = [];

const goType = (shape: Shape): string => {
  switch (shape.kind) {
    case "int":
    case "list":
    case "struct":
      return shape.go;
    case "float":
      return "float64";
    case "map":
      return `map[string]${goType(shape.of)}`;
    case "bytes":
      return "[]uint8";
    case "duration":
      return "time.Duration";
    default:
      return shape.kind;
  }
};

function mismatch(json: Json, type: string, owner: string, path: readonly string[]): never {
  const what = json.kind === "number" && (type === "int" || type === "uint64") ? `number ${json.text}` : json.kind;
  const place =
    path.length === 0 ? `Go value of type ${type}` : `Go struct field ${owner}.${path.join(".")} of type ${type}`;
  throw new JsonError(`json: cannot unmarshal ${what} into ${place}`);
}

function decode(json: Json, shape: Shape, owner: string, path: readonly string[]): unknown {
  if (shape.kind === "any") {
    const value = toValue(json);
    shape.check?.(value);
    return value;
  }
  if (json.kind === "null") return undefined;
  const wrong = (): never => mismatch(json, goType(shape), owner, path);
  switch (shape.kind) {
    case "string":
      return json.kind === "string" ? json.value : wrong();
    case "bool":
      return json.kind === "bool" ? json.value : wrong();
    case "int":
      return json.kind === "number" && (shape.go === "uint64" ? /^\d+$/ : /^-?\d+$/).test(json.text)
        ? parseWhole(json.text, shape.go)
        : wrong();
    case "float":
      return json.kind === "number" ? Number(json.text) : wrong();
    case "bytes":
      return json.kind === "string" ? decodeBase64(json.value) : wrong();
    case "duration":
      return decodeDuration(json);
    case "list":
      return json.kind === "array"
        ? json.items.map((item) => decode(item, shape.of, owner, path) ?? zero(shape.of))
        : wrong();
    case "map":
      if (json.kind !== "object") return wrong();
      return Object.fromEntries(
        json.members.map(([key, value]) => [key, decode(value, shape.of, owner, path) ?? zero(shape.of)]),
      );
    case "struct":
      return json.kind === "object" ? decodeStruct(json.members, shape, path) : wrong();
  }
}

/** Go's value for null in JSON: an item of a list can't be left out. */
function zero(shape: Shape): unknown {
  switch (shape.kind) {
    case "string":
      return "";
    case "bool":
      return false;
    case "int":
      return shape.go === "uint64" ? 0n : 0;
    case "float":
    case "duration":
      return 0;
    case "list":
      return [];
    case "map":
    case "struct":
      return {};
    case "bytes":
      return new Uint8Array();
    case "any":
      return null;
  }
}

const parseWhole = (text: string, go: string): number | bigint => (go === "uint64" ? BigInt(text) : Number(text));

/** Bytes of base64 with its padding. @throws JsonError in Go's words */
function decodeBase64(text: string): Uint8Array {
  const at = text.search(/[^A-Za-z0-9+/=]/);
  const valid = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0;
  if (!valid) throw new JsonError(`illegal base64 data at input byte ${at < 0 ? text.length : at}`);
  return new Uint8Array(Buffer.from(text, "base64"));
}

function decodeDuration(json: Json): number {
  if (json.kind === "number") return Number(json.text);
  const text = json.kind === "string" ? json.value : "";
  if (text === "") return 0;
  const ns = durationNs(text);
  if (ns === undefined) throw new JsonError(invalidDuration(text));
  return ns;
}

type NamedShape = readonly [name: string, shape: Shape];

/** Members of each structure by name in lower case. */
const MEMBERS = new WeakMap<Struct, ReadonlyMap<string, NamedShape>>();

function membersOf(struct: Struct): ReadonlyMap<string, NamedShape> {
  let members = MEMBERS.get(struct);
  if (members === undefined) {
    members = new Map(Object.entries(struct.fields).map((entry) => [entry[0].toLowerCase(), entry]));
    MEMBERS.set(struct, members);
  }
  return members;
}

function decodeStruct(members: readonly (readonly [string, Json])[], struct: Struct, path: readonly string[]): object {
  const known = membersOf(struct);
  const decoded: Record<string, unknown> = {};
  for (const [key, value] of members) {
    const member = known.get(key.toLowerCase());
    if (member === undefined) {
      if (struct.lax) continue;
      throw new JsonError(`json: unknown field "${key}"`);
    }
    const [name, shape] = member;
    // A type that decodes itself starts a path of its own.
    decoded[name] = decode(value, shape, struct.name, struct.name === "" ? [...aliasPath, name] : [...path, name]);
  }
  return decoded;
}

function toValue(json: Json): unknown {
  switch (json.kind) {
    case "null":
      return null;
    case "number":
      return Number(json.text);
    case "array":
      return json.items.map(toValue);
    case "object":
      return Object.fromEntries(json.members.map(([key, value]) => [key, toValue(value)]));
    default:
      return json.value;
  }
}
