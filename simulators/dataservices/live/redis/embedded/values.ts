import type { Stream } from "./stream.ts";

/** The value of a key. Byte strings are texts with one character per byte (`../resp/reply.ts`). */
export type Value =
  | { readonly type: "string"; text: string }
  | { readonly type: "list"; readonly items: string[] }
  | { readonly type: "hash"; readonly fields: Map<string, string> }
  | { readonly type: "set"; readonly members: Set<string> }
  | { readonly type: "zset"; readonly scores: Map<string, number> }
  | { readonly type: "stream"; readonly stream: Stream };

/** One of the kinds of values. */
export type ValueType = Value["type"];
/** The value of a kind. */
export type ValueOf<T extends ValueType> = Extract<Value, { type: T }>;

/** An empty value, for a key that is about to get content. Streams are made by their own commands. */
export const EMPTY: { readonly [T in Exclude<ValueType, "stream">]: () => ValueOf<T> } = {
  string: () => ({ type: "string", text: "" }),
  list: () => ({ type: "list", items: [] }),
  hash: () => ({ type: "hash", fields: new Map() }),
  set: () => ({ type: "set", members: new Set() }),
  zset: () => ({ type: "zset", scores: new Map() }),
};

/** Whether a value is empty, so that its key is removed. A string and a stream may be empty. */
export function isEmpty(value: Value): boolean {
  switch (value.type) {
    case "string":
    case "stream":
      return false;
    case "list":
      return value.items.length === 0;
    case "hash":
      return value.fields.size === 0;
    case "set":
      return value.members.size === 0;
    case "zset":
      return value.scores.size === 0;
  }
}

/** A copy that shares nothing with its original. */
export const copyOf = (value: Value): Value => structuredClone(value);

/** The overhead of an entry of a collection and of a key, in bytes: about the real server's. */
const ENTRY_BYTES = 40;
const KEY_BYTES = 60;

/** The approximate size of a key and its value, in bytes. */
export function bytesOf(key: string, value: Value): number {
  const of = (texts: Iterable<string>): number => {
    let bytes = 0;
    for (const text of texts) bytes += text.length + ENTRY_BYTES;
    return bytes;
  };
  const base = KEY_BYTES + key.length;
  switch (value.type) {
    case "string":
      return base + value.text.length;
    case "list":
      return base + of(value.items);
    case "hash":
      return base + of(value.fields.keys()) + of(value.fields.values());
    case "set":
      return base + of(value.members);
    case "zset":
      return base + of(value.scores.keys());
    case "stream":
      return base + value.stream.entries.reduce((bytes, { fields }) => bytes + of(fields), 0);
  }
}
