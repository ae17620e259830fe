/*
 * Replies as values, and their bytes in either version of the protocol (redis.io, "Redis serialization protocol specification").
 * Keys and values are byte strings: texts in which each character is one byte (latin1), so that they can be keys of a Map, compare
 * as bytes do, and lose nothing.
 */

/** A reply of a server, with everything that RESP2 and RESP3 can express. */
export type Reply =
  | { readonly type: "simple"; readonly text: string }
  /** The text begins with its code, such as `WRONGTYPE …`. */
  | { readonly type: "error"; readonly text: string }
  | { readonly type: "integer"; readonly value: number | bigint }
  | { readonly type: "bulk"; readonly text: string | null }
  | { readonly type: "array"; readonly items: readonly Reply[] | null }
  | { readonly type: "map"; readonly entries: readonly (readonly [Reply, Reply])[] }
  | { readonly type: "set"; readonly items: readonly Reply[] }
  /** Pairs: an array of pairs in RESP3, a flat array in RESP2. */
  | { readonly type: "pairs"; readonly items: readonly (readonly [Reply, Reply])[] }
  /** The entries of each stream: a map in RESP3, an array of pairs in RESP2. */
  | { readonly type: "streams"; readonly items: readonly (readonly [Reply, Reply])[] }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "verbatim"; readonly text: string }
  | { readonly type: "push"; readonly items: readonly Reply[] };

/** The version of the protocol that a connection speaks. */
export type Protocol = 2 | 3;

/** `+OK` */
export const OK: Reply = { type: "simple", text: "OK" };
/** No value. */
export const NIL: Reply = { type: "bulk", text: null };
/** No array. */
export const NIL_ARRAY: Reply = { type: "array", items: null };
/** A number. */
export const integer = (value: number | bigint): Reply => ({ type: "integer", value });
/** A byte string. */
export const bulk = (text: string | null | undefined): Reply => ({ type: "bulk", text: text ?? null });
/** An array. */
export const array = (items: readonly Reply[]): Reply => ({ type: "array", items });
/** An array of byte strings. */
export const bulks = (texts: readonly (string | null)[]): Reply => array(texts.map(bulk));
/** A set of byte strings: an array in RESP2. */
export const setOf = (texts: readonly string[]): Reply => ({ type: "set", items: texts.map(bulk) });
/** A map: a flat array in RESP2. */
export const mapOf = (entries: readonly (readonly [string, Reply])[]): Reply => ({
  type: "map",
  entries: entries.map(([name, value]) => [bulk(name), value]),
});
/** A number with a fraction: a byte string in RESP2. */
export const double = (value: number): Reply => ({ type: "double", value });
/** A status other than OK. */
export const simple = (text: string): Reply => ({ type: "simple", text });
/** A refusal; `text` begins with its code. */
export const error = (text: string): Reply => ({ type: "error", text });

/** From this magnitude on, a double is written with an exponent. */
const EXPONENT_MIN = 1e17;

/** A double as the server writes it: the shortest text that reads back the same, as C's `%.17g` shortens it. */
export function textOfDouble(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  const text = Math.abs(value) >= EXPONENT_MIN ? value.toExponential() : String(value);
  // C writes at least two digits of an exponent.
  const [mantissa = "", exponent] = text.split("e");
  if (exponent !== undefined) {
    const digits = Math.abs(Number(exponent)).toString().padStart(2, "0");
    return `${mantissa}e${exponent.startsWith("-") ? "-" : "+"}${digits}`;
  }
  return text;
}

const frame = (prefix: string, text: string): string => `${prefix}${text.length}\r\n${text}\r\n`;

const many = (prefix: string, count: number, items: readonly Reply[], protocol: Protocol): string =>
  `${prefix}${count}\r\n${items.map((item) => encode(item, protocol)).join("")}`;

/** A line ends at its first line break, even if a tenant put one into a message. */
const line = (text: string): string => text.replaceAll(/[\r\n]/g, " ");

/** The bytes of a reply, as a byte string. */
export function encode(reply: Reply, protocol: Protocol): string {
  const isOld = protocol === 2;
  switch (reply.type) {
    case "simple":
      return `+${line(reply.text)}\r\n`;
    case "error":
      return `-${line(reply.text)}\r\n`;
    case "integer":
      return `:${reply.value}\r\n`;
    case "bulk":
      if (reply.text === null) return isOld ? "$-1\r\n" : "_\r\n";
      return frame("$", reply.text);
    case "array":
      if (reply.items === null) return isOld ? "*-1\r\n" : "_\r\n";
      return many("*", reply.items.length, reply.items, protocol);
    case "map":
      return isOld
        ? many("*", reply.entries.length * 2, reply.entries.flat(), protocol)
        : many("%", reply.entries.length, reply.entries.flat(), protocol);
    case "pairs":
      return isOld
        ? many("*", reply.items.length * 2, reply.items.flat(), protocol)
        : many("*", reply.items.length, reply.items.map(array), protocol);
    case "streams":
      return isOld
        ? many("*", reply.items.length, reply.items.map(array), protocol)
        : many("%", reply.items.length, reply.items.flat(), protocol);
    case "set":
      return many(isOld ? "*" : "~", reply.items.length, reply.items, protocol);
    case "push":
      return many(isOld ? "*" : ">", reply.items.length, reply.items, protocol);
    case "double":
      return isOld ? frame("$", textOfDouble(reply.value)) : `,${textOfDouble(reply.value)}\r\n`;
    case "boolean":
      return isOld ? `:${reply.value ? 1 : 0}\r\n` : `#${reply.value ? "t" : "f"}\r\n`;
    case "verbatim":
      return isOld ? frame("$", reply.text) : frame("=", `txt:${reply.text}`);
  }
}
