import { repr, str } from "../../python/index.ts";
import { badValue, crash, invalidObject, invalidValue } from "./errors.ts";

/*
 * Fields of Designate's objects, as they convert and refuse what clients send (designate/objects/fields.py of Zed).
 */

const DOMAIN = /^(?!.{255,})(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\.)+$/;
const HOST = /^(?!.{255,})(?:(?:^\*|(?!-)[A-Za-z0-9_-]{1,63})(?<!-)\.)+$/;
const TLD = /^(?!.{255,})(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-))(?:\.(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)))*$/;

const NAME_LENGTH_MAX = 255;
const LABEL_LENGTH_MAX = 63;
const DESCRIPTION_LENGTH_MAX = 160;
const INTEGER_MAX = 2_147_483_647;

/** Converts a value of the field named. @throws Refusal 400 */
export type Coercion = (value: unknown, field: string) => unknown;

/** The fields of an object that clients may send, by name. */
export interface ObjectSchema {
  /** Its name in messages. */
  readonly kind: string;
  readonly fields: Readonly<Record<string, Coercion>>;
  /** What the service calls a field in refusals, where that is not its name in the API. */
  readonly inner?: Readonly<Record<string, string>>;
  /** Fields that may only be sent back unchanged; a new object has none of them, so that null is what they are. */
  readonly fixed?: readonly string[];
  /** Those of them whose null the database refuses. */
  readonly fragile?: readonly string[];
}

/** Whether a text is a domain with its final dot. */
export const isDomain = (text: string | undefined): boolean => text !== undefined && DOMAIN.test(text);

const PYTHON_TYPES: Readonly<Record<string, string>> = { boolean: "bool", number: "int", string: "str" };

/** The name of a value's type in Python. */
export function typeOf(value: unknown): string {
  if (value === null) return "NoneType";
  if (Array.isArray(value)) return "list";
  if (typeof value === "number" && !Number.isInteger(value)) return "float";
  return PYTHON_TYPES[typeof value] ?? "dict";
}

function refuseNull(field: string): never {
  throw invalidValue(`Field \`${field}' cannot be None`);
}

function textOf(value: unknown, field: string, lengthMax: number): string {
  if (typeof value === "object") throw invalidValue(`A string is required in field ${field}, not a ${typeOf(value)}`);
  const text = str(value);
  if (text.length > lengthMax) throw invalidValue(`Value too long for ${field}`);
  return text;
}

/** A text; numbers become one. */
export const text =
  (lengthMax: number): ((value: unknown, field: string) => string) =>
  (value, field) =>
    value === null ? refuseNull(field) : textOf(value, field, lengthMax);

/** A text or null. */
export const textOrNull =
  (lengthMax: number): ((value: unknown, field: string) => string | null) =>
  (value, field) =>
    value === null ? null : textOf(value, field, lengthMax);

/** A description. */
export const description = textOrNull(DESCRIPTION_LENGTH_MAX);

function checkLabels(name: string): void {
  const long = name.split(".").find((label) => label.length > LABEL_LENGTH_MAX);
  if (long !== undefined) throw invalidValue(`Host ${long} is too long`);
}

/** A domain with its final dot. @throws Refusal 400 */
export function domain(value: unknown, field: string): string {
  const name = text(NAME_LENGTH_MAX)(value, field);
  checkLabels(name);
  if (!name.endsWith(".")) throw invalidValue(`Domain ${name} does not end with a dot`);
  if (!isDomain(name)) throw invalidValue(`Domain ${name} is invalid`);
  return name;
}

/** A domain whose first label may be `*`, or null. @throws Refusal 400 */
export function host(value: unknown, field: string): string | null {
  const name = textOrNull(NAME_LENGTH_MAX)(value, field);
  if (name === null) return null;
  checkLabels(name);
  if (!name.endsWith(".")) throw invalidValue(`Host name ${name} does not end with a dot`);
  if (!HOST.test(name)) throw invalidValue(`Host name ${name} is invalid`);
  return name;
}

/** The name of a top-level domain. @throws Refusal 400 */
export function tld(value: unknown, field: string): string {
  const name = text(NAME_LENGTH_MAX)(value, field);
  if (!TLD.test(name)) throw invalidValue(`${name} is not a TLD`);
  return name;
}

/** @throws Refusal 400 */
export function email(value: unknown, field: string): string {
  if (value === null) throw badValue("AttributeError", "'NoneType' object has no attribute 'count'");
  const mail = textOf(value, field, NAME_LENGTH_MAX);
  if (mail.split("@").length !== 2) throw invalidValue(`${mail} is not an email`);
  if (!DOMAIN.test(`${mail.replace("@", ".")}.`)) throw invalidValue(`Email ${mail} is invalid`);
  return mail;
}

/** A regular expression. @throws Refusal 400 */
export function pattern(lengthMax: number): Coercion {
  return (value, field) => {
    const source = text(lengthMax)(value, field);
    try {
      if (source !== "") return new RegExp(source).source;
    } catch {
      // Refused like an empty one.
    }
    throw invalidValue(`${source} is not a valid regular expression`);
  };
}

/** A whole number as Python's `int()` reads it. @throws Refusal 400 */
function integer(value: unknown): number {
  if (typeof value === "number") return Math.trunc(value);
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "string") throw badInteger(value);
  const digits = value.trim();
  if (!/^[+-]?\d+(?:_\d+)*$/.test(digits)) throw invalidValue(`invalid literal for int() with base 10: ${repr(value)}`);
  return Number(digits.replaceAll("_", ""));
}

const badInteger = (value: unknown): Error =>
  badValue(
    "TypeError",
    `int() argument must be a string, a bytes-like object or a real number, not '${typeOf(value)}'`,
  );

/** A whole number, or null. @throws Refusal 400 */
export const integerFrom =
  (min: number, max = INTEGER_MAX): ((value: unknown, field: string) => number | null) =>
  (value, field) => {
    if (value === null) return null;
    const number = integer(value);
    if (number < min) throw invalidValue(`Value must be >= ${min} for field ${field}`);
    if (number > max) throw invalidValue(`Value too high for ${field}`);
    return number;
  };

/** Seconds, or null. */
export const ttl = integerFrom(0);

/** One of the words. */
export const oneOf =
  (...words: readonly string[]): Coercion =>
  (value, field) => {
    if (value === null) return refuseNull(field);
    const word = str(value);
    if (!words.includes(word)) throw invalidValue(`Field value ${word} is invalid`);
    return word;
  };

const HEX_DIGITS = 32;

/** An id, in any form in which Python reads UUIDs. @throws Refusal 400; 500 for a number, which the database refuses later */
function uuidOf(value: unknown): string {
  if (typeof value === "object") throw badInteger(value);
  if (typeof value === "number" && value < 0)
    throw badValue("AttributeError", "'int' object has no attribute 'replace'");
  if (typeof value !== "string") throw crash();
  const source = value.replace(/urn:|uuid:/g, "").replace(/^[{}]+|[{}]+$/g, "");
  const digits = source.replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]+$/.test(digits) || digits.length !== HEX_DIGITS)
    throw invalidValue("badly formed hexadecimal UUID string");
  return value;
}

/** An id. */
export const uuid: Coercion = (value, field) => (value === null ? refuseNull(field) : uuidOf(value));

/** An id, or null. */
export const uuidOrNull: Coercion = (value) => (value === null ? null : uuidOf(value));

/** Name servers to copy from, as `host` or `host:port`. */
export const masters: Coercion = (value) => {
  if (value === null || typeof value === "number" || typeof value === "boolean")
    throw badValue("TypeError", `'${typeOf(value)}' object is not iterable`);
  const items: readonly unknown[] =
    typeof value === "string" ? Array.from(value) : Array.isArray(value) ? value : Object.keys(value ?? {});
  for (const item of items)
    if (typeof item !== "string") throw badValue("AttributeError", `'${typeOf(item)}' object has no attribute 'split'`);
  return items;
};

/** Names with values. */
export const attributes: Coercion = (value) => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badValue("AttributeError", `'${typeOf(value)}' object has no attribute 'items'`);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, str(each)]));
};

/**
 * The fields that a body sets, converted in its order.
 *
 * @param current the object that is changed
 * @throws Refusal 400 at the first wrong value, then for all unknown names
 */
export function parseObject(
  body: unknown,
  { kind, fields, inner = {}, fixed = [], fragile = [] }: ObjectSchema,
  current: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badValue("AttributeError", `'${typeOf(body)}' object has no attribute 'items'`);
  const unknown: string[] = [];
  const parsed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (fixed.includes(name) && Object.hasOwn(current, name)) {
      if (current[name] === value) continue;
      unknown.push(name);
      break;
    }
    if (value === null && fragile.includes(name)) throw crash();
    if (value === null && fixed.includes(name)) continue;
    const coerce = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (coerce === undefined) unknown.push(name);
    else Object.defineProperty(parsed, name, { value: coerce(value, inner[name] ?? name), enumerable: true });
  }
  if (unknown.length > 0)
    throw invalidObject(`Provided object does not match schema. Keys ${repr(unknown)} are not valid for ${kind}`);
  return parsed;
}
