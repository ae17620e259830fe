import { validateHeaderName, validateHeaderValue } from "node:http";
import { isObject } from "../json.ts";

/** The values of one parameter of an effect: in words for the catalogue, as JSON Schema, and as a check. */
export interface Field<T> {
  /** `a whole number from 200 to 599` */
  readonly expects: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly accepts: (value: unknown) => value is T;
}

/** A parameter that may be left out. */
export interface OptionalField<T> extends Field<T> {
  readonly isOptional: true;
}

/** The same parameter, which may now be left out. */
export const optional = <T>(field: Field<T>): OptionalField<T> => ({ ...field, isOptional: true });

/** A whole number within these bounds, both included. */
export const integer = (minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): Field<number> => ({
  expects: `a whole number from ${minimum}${maximum === Number.MAX_SAFE_INTEGER ? "" : ` to ${maximum}`}`,
  schema: { type: "integer", minimum, maximum },
  accepts: (value): value is number =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum,
});

/** The longest text in a rule, in UTF-16 units. */
const TEXT_CHARS_MAX = 1000;

/** A text of bounded length. */
export const TEXT: Field<string> = {
  expects: `a text of at most ${TEXT_CHARS_MAX} characters`,
  schema: { type: "string", maxLength: TEXT_CHARS_MAX },
  accepts: (value): value is string => typeof value === "string" && value.length <= TEXT_CHARS_MAX,
};

/**
 * The headers that the server itself writes about the connection and the length of a message (RFC 9110
 * §7.6.1, RFC 9112 §6).
 */
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function isHeader(name: string, value: unknown): boolean {
  if (!TEXT.accepts(value) || FRAMING.has(name.toLowerCase())) return false;
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** HTTP headers that can be sent beside those that the server writes itself. */
export const HEADERS: Field<Readonly<Record<string, string>>> = {
  expects: `an object of HTTP headers, each a text, none of ${[...FRAMING].join(", ")}`,
  schema: { type: "object", additionalProperties: TEXT.schema },
  accepts: (value): value is Readonly<Record<string, string>> =>
    isObject(value) && Object.entries(value).every(([name, each]) => isHeader(name, each)),
};

/** How deep objects and arrays may nest: printing and copying a rule recurses. */
const DEPTH_MAX = 100;

function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= DEPTH_MAX; depth++) {
    level = level.flatMap((each): readonly unknown[] =>
      typeof each === "object" && each !== null ? Object.values(each) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

/** A text is sent as it is, anything else as JSON. */
export const JSON_VALUE: Field<unknown> = {
  expects: `a text, sent as it is, or any other JSON value at most ${DEPTH_MAX} levels deep`,
  schema: {},
  accepts: (value): value is unknown => isJson(value) && !isTooDeep(value),
};
