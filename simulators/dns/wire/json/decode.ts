import { durationNs, invalidDuration } from "../duration.ts";
import { type Json, JsonError, parseJson } from "./parse.ts";

/** What a field holds. `go` is the type's name in Go, which its error messages tell. */
export type Shape =
  | { readonly kind: "string" | "bool" | "float" | "any" | "bytes" }
  | { readonly kind: "int"; readonly go: "int" | "int64" | "uint64" }
  /** Text such as `10s`, or a number of ns. */
  | { readonly kind: "duration" }
  | { readonly kind: "list"; readonly of: Shape; readonly go: string }
  | { readonly kind: "map"; readonly of: Shape }
  | Struct;

export interface Struct {
  readonly kind: "struct";
  /** Name in `Go struct field Name.Field`; empty for an anonymous type. */
  readonly name: string;
  /** Full type in `cannot unmarshal array into Go value of type …`. */
  readonly go: string;
  readonly fields: Readonly<Record<string, Shape>>;
  /** Unknown fields are ignored instead of refused. */
  readonly lax?: boolean;
}

export const STRING: Shape = { kind: "string" };
export const BOOL: Shape = { kind: "bool" };
export const INT: Shape = { kind: "int", go: "int" };
export const UINT64: Shape = { kind: "int", go: "uint64" };
export const FLOAT: Shape = { kind: "float" };
export const ANY: Shape = { kind: "any" };
export const BYTES: Shape = { kind: "bytes" };
export const DURATION: Shape = { kind: "duration" };
export const STRINGS: Shape = { kind: "list", of: STRING, go: "[]string" };
export const TEXTS: Shape = { kind: "map", of: STRING };

export type Fields = Readonly<Record<string, unknown>>;

/** Decodes a body as Go does: names without case, the first error of type or of an unknown field reported. @throws JsonError */
export function decodeJson(text: string, shape: Shape): unknown {
  return decode(parseJson(text), shape, "", []);
}

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
  if (shape.kind === "any") return plain(json);
  if (json.kind === "null") return undefined;
  const wrong = (): never => mismatch(json, goType(shape), owner, path);
  switch (shape.kind) {
    case "string":
      return json.kind === "string" ? json.value : wrong();
    case "bool":
      return json.kind === "bool" ? json.value : wrong();
    case "int":
      return json.kind === "number" && (shape.go === "uint64" ? /^\d+$/ : /^-?\d+$/).test(json.text)
        ? whole(json.text, shape.go)
        : wrong();
    case "float":
      return json.kind === "number" ? Number(json.text) : wrong();
    case "bytes":
      return json.kind === "string" ? base64(json.value) : wrong();
    case "duration":
      return duration(json);
    case "list":
      return json.kind === "array"
        ? json.items.map((item) => decode(item, shape.of, owner, path) ?? zero(shape.of))
        : wrong();
    case "map":
      if (json.kind !== "object") return wrong();
      return Object.fromEntries(json.members.map(([key, value]) => [key, decode(value, shape.of, owner, path) ?? ""]));
    case "struct":
      return json.kind === "object" ? struct(json.members, shape, path) : wrong();
  }
}

/** What Go puts where JSON has null: in a list there is no leaving out. */
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

const whole = (text: string, go: string): number | bigint => (go === "uint64" ? BigInt(text) : Number(text));

/** Bytes of base64 with its padding. @throws JsonError in Go's words */
function base64(text: string): Uint8Array {
  const at = text.search(/[^A-Za-z0-9+/=]/);
  const valid = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0;
  if (!valid) throw new JsonError(`illegal base64 data at input byte ${at < 0 ? text.length : at}`);
  return new Uint8Array(Buffer.from(text, "base64"));
}

function duration(json: Json): number {
  if (json.kind === "number") return Number(json.text);
  const text = json.kind === "string" ? json.value : "";
  if (text === "") return 0;
  const ns = durationNs(text);
  if (ns === undefined) throw new JsonError(invalidDuration(text));
  return ns;
}

const LOOKUPS = new WeakMap<Struct, ReadonlyMap<string, string>>();

function lookup(shape: Struct): ReadonlyMap<string, string> {
  let names = LOOKUPS.get(shape);
  if (names === undefined)
    LOOKUPS.set(shape, (names = new Map(Object.keys(shape.fields).map((name) => [name.toLowerCase(), name]))));
  return names;
}

function struct(members: readonly (readonly [string, Json])[], shape: Struct, path: readonly string[]): Fields {
  const names = lookup(shape);
  const fields: Record<string, unknown> = {};
  for (const [key, value] of members) {
    const name = names.get(key.toLowerCase());
    if (name === undefined) {
      if (shape.lax === true) continue;
      throw new JsonError(`json: unknown field "${key}"`);
    }
    // A type that decodes itself begins a path of its own.
    fields[name] = decode(value, shape.fields[name] as Shape, shape.name, shape.name === "" ? [name] : [...path, name]);
  }
  return fields;
}

function plain(json: Json): unknown {
  switch (json.kind) {
    case "null":
      return null;
    case "number":
      return Number(json.text);
    case "array":
      return json.items.map(plain);
    case "object":
      return Object.fromEntries(json.members.map(([key, value]) => [key, plain(value)]));
    default:
      return json.value;
  }
}
