import { isObject } from "../../kernel/index.ts";
import { durationNs } from "../wire/duration.ts";
import { Refusal } from "../wire/refusal.ts";
import { ENTRY_KINDS, isRead } from "./schema.ts";
import { type EntryFields, type EntryType } from "./schema-parts.ts";

/** The contents of a config entry: empty members are left out. Durations are in ns. */
export type Fields = Readonly<Record<string, unknown>>;

/** A body that is not a config entry; the message is Consul's. */
class DecodeError extends Refusal {}

/** Reads an entry from a decoded body. @throws DecodeError */
export function decodeEntry(raw: unknown): Fields {
  if (!isObject(raw))
    throw new DecodeError(`'' expected type 'map[string]interface {}', got unconvertible type '${goType(raw)}'`);
  const kind = "Kind" in raw ? raw.Kind : raw.kind;
  if (kind === undefined) throw new DecodeError("Payload does not contain a kind/Kind key at the top level");
  if (typeof kind !== "string") throw new DecodeError("Kind value in payload is not a string");
  const fields = ENTRY_KINDS[kind];
  if (fields === undefined) throw new DecodeError(`invalid config entry kind: ${kind}`);
  const reader = new EntryReader();
  const decoded = reader.struct(raw, fields, "");
  if (reader.errors.length > 0)
    throw new DecodeError(`decoding failed due to the following error(s):\n\n${reader.errors.join("\n")}`);
  if (!isRead(kind)) return { ...raw, ...decoded, Kind: kind };
  checkUnused(reader.unused);
  return { ...decoded, Kind: kind };
}

function checkUnused(unused: readonly string[]): void {
  const wrong = unused.flatMap((key) => {
    const name = key.toLowerCase();
    if (["CreateIndex", "ModifyIndex", "Kind", "kind"].includes(key) || name === "hash") return [];
    if (name.endsWith("namespace")) return [`invalid config key "${key}", namespaces are a consul enterprise feature`];
    if (name.includes("jwt"))
      return [`invalid config key "${key}", api-gateway jwt validation is a consul enterprise feature`];
    return [`invalid config key "${key}"`];
  });
  if (wrong.length > 0) throw new DecodeError(severalErrors(wrong));
}

/** Several errors as one text, as Consul writes them. */
export const severalErrors = (errors: readonly string[]): string =>
  `${errors.length} error${errors.length === 1 ? "" : "s"} occurred:\n${errors.map((each) => `\t* ${each}\n`).join("")}\n`;

function goType(value: unknown): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "number") return "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map[string]interface {}";
}

/** `max_inbound_connections`, for `MaxInboundConnections`. */
const snake = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();

/** Reads values into types leniently: numbers from strings, lists from single values. */
class EntryReader {
  readonly errors: string[] = [];
  readonly unused: string[] = [];

  struct(raw: Fields, fields: EntryFields, path: string): Fields {
    const names = new Map(
      Object.entries(fields).flatMap(([name, { alias }]) => [
        [name.toLowerCase(), name] as const,
        [alias ?? snake(name), name] as const,
      ]),
    );
    const found: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(raw)) {
      const name = names.get(key.toLowerCase());
      const at = path === "" ? (name ?? key) : `${path}.${name ?? key}`;
      const field = name === undefined ? undefined : fields[name];
      if (name === undefined || field === undefined) this.unused.push(at);
      else if (value !== null) {
        const read = this.value(value, field.type, at);
        if (read !== undefined) found[name] = read;
      }
    }
    return found;
  }

  #fail(path: string, what: string): undefined {
    this.errors.push(`'${path}' ${what}`);
    return undefined;
  }

  value(given: unknown, type: EntryType, path: string): unknown {
    if (type === "any") return given;
    if (typeof type === "object" && "pointer" in type) return this.value(given, type.pointer, path);
    if (typeof type === "object" && "list" in type) return this.#list(given, type.list, path);
    const value: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
    if (typeof type === "object") {
      if (!isObject(value))
        return this.#fail(
          path,
          "map" in type
            ? `expected type 'map[string]${type.map === "text" ? "string" : "interface {}"}', got unconvertible type '${goType(value)}'`
            : `expected a map or struct, got "${kindOf(value)}"`,
        );
      if ("struct" in type) return this.struct(value, type.struct, path);
      const members = Object.entries(value).map(([key, each]) => [key, this.value(each, type.map, `${path}[${key}]`)]);
      return Object.fromEntries(members);
    }
    return this.#scalar(value, type, path);
  }

  #list(given: unknown, of: EntryType, path: string): unknown {
    const all = Array.isArray(given) ? given : isObject(given) && Object.keys(given).length === 0 ? [] : [given];
    return all.map((each, at) => this.value(each, of, `${path}[${at}]`));
  }

  #scalar(
    value: unknown,
    type: "text" | "bool" | "int" | "uint" | "float" | "duration" | "nanoseconds",
    path: string,
  ): unknown {
    if (typeof value === "object")
      return this.#fail(path, `expected type '${GO_NAMES[type]}', got unconvertible type '${goType(value)}'`);
    switch (type) {
      case "text":
        return typeof value === "boolean" ? (value ? "1" : "0") : String(value);
      case "bool":
        if (typeof value !== "string") return Boolean(value);
        if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
        if (["", "0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
        return this.#fail(path, "cannot parse value as 'bool': strconv.ParseBool: invalid syntax");
      case "duration":
      case "nanoseconds": {
        if (typeof value !== "string") return Number(value);
        return durationNs(value) ?? this.#fail(path, "time: invalid duration");
      }
      default:
        return this.#number(value, type, path);
    }
  }

  #number(value: unknown, type: "int" | "uint" | "float", path: string): unknown {
    const parser = { int: "ParseInt", uint: "ParseUint", float: "ParseFloat" }[type];
    const text = value === "" ? "0" : value;
    if (typeof text === "string" && !(type === "float" ? /^[+-]?\d*\.?\d+(?:e[+-]?\d+)?$/i : /^[+-]?\d+$/).test(text))
      return this.#fail(path, `cannot parse value as '${GO_NAMES[type]}': strconv.${parser}: invalid syntax`);
    const number = Number(text);
    if (type === "uint" && number < 0) return this.#fail(path, `cannot parse, ${number} overflows uint`);
    return type === "float" ? number : Math.trunc(number);
  }
}

const GO_NAMES = {
  text: "string",
  bool: "bool",
  int: "int",
  uint: "uint",
  float: "float32",
  duration: "time.Duration",
  nanoseconds: "time.Duration",
};

const kindOf = (value: unknown): string => {
  if (Array.isArray(value)) return "slice";
  return typeof value === "number" ? "float64" : typeof value === "boolean" ? "bool" : typeof value;
};
