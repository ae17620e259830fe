import { isArray, isObject, type Json, type JsonObject } from "../../client/http/json.ts";

/** The values of names in braces: ids, a key, times. A body member that consists of an undefined name is omitted. */
export type Values = Readonly<Record<string, string | number | undefined>>;

const NAME = /\{([a-z]+)\}/g;

/** A text with its names in braces replaced; `encode` escapes each value. */
const fillText = (text: string, values: Values, encode: (value: string) => string = (value) => value): string =>
  text.replaceAll(NAME, (_, name: string) => encode(String(values[name] ?? "")));

/** A path: the values are encoded, except for `{location}`, which is a path itself. */
export const fillPath = (path: string, values: Values): string =>
  path === "{location}" ? String(values["location"] ?? "") : fillText(path, values, encodeURIComponent);

function fillValue(value: Json, values: Values): Json | undefined {
  if (isArray(value)) return value.flatMap((item) => fillValue(item, values) ?? []);
  if (isObject(value)) return fillBody(value, values);
  if (typeof value !== "string") return value;
  const [whole, name = ""] = /^\{([a-z]+)\}$/.exec(value) ?? [];
  return whole === undefined ? fillText(value, values) : values[name];
}

/** A body with its names in braces replaced. */
export function fillBody(body: JsonObject, values: Values): JsonObject {
  const filled = Object.entries(body).map(([name, item]) => [name, fillValue(item, values)] as const);
  return Object.fromEntries(filled.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
