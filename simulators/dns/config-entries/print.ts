import { isObject } from "../../kernel/index.ts";
import { durationText } from "../wire/duration.ts";
import type { Fields } from "./decode.ts";
import { ENTRY_KINDS, isRead } from "./schema.ts";
import { type EntryField, type EntryType } from "./schema-parts.ts";
import type { ConfigEntry } from "./store.ts";

const EMPTY: Readonly<Record<string, unknown>> = {
  text: "",
  bool: false,
  int: 0,
  uint: 0,
  float: 0,
  duration: "0s",
  nanoseconds: 0,
  any: null,
};

const isStruct = (type: EntryType): boolean => typeof type === "object" && "struct" in type;

function isNothing(value: unknown, type: EntryType): boolean {
  if (value === undefined) return true;
  if (typeof type === "object" && "pointer" in type) return false;
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === "" || value === 0 || value === false;
}

function showValue(value: unknown, type: EntryType): unknown {
  if (typeof type === "string")
    return value === undefined ? EMPTY[type] : type === "duration" ? durationText(Number(value)) : value;
  if ("pointer" in type) return showValue(value, type.pointer);
  if ("struct" in type) return structView(isObject(value) ? value : {}, Object.entries(type.struct));
  if (value === undefined) return null;
  if ("list" in type) return Array.isArray(value) ? value.map((each) => showValue(each, type.list)) : null;
  return Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).map(([key, each]) => [key, showValue(each, type.map)]),
  );
}

/** A struct as Go shows it: empty members are left out if they may be. */
function structView(value: Fields, fields: readonly (readonly [string, EntryField])[]): Fields {
  const members = fields.filter(
    ([name, { type, isKept }]) => isKept === true || isStruct(type) || !isNothing(value[name], type),
  );
  return Object.fromEntries(members.map(([name, { type }]) => [name, showValue(value[name], type)]));
}

/** An entry as the API shows it. */
export function entryView({ kind, fields, hash, createIndex, modifyIndex }: ConfigEntry): Fields {
  const known = isRead(kind) ? structView(fields, Object.entries(ENTRY_KINDS[kind] ?? {})) : fields;
  return { ...known, Kind: kind, Hash: hash, CreateIndex: createIndex, ModifyIndex: modifyIndex };
}

/** A part of an entry, shown by its type. */
export const partView = (value: unknown, type: EntryType): unknown => showValue(value, type);
