import { isUuid } from "../../../kernel/index.ts";
import { repr, str } from "../../python/index.ts";
import { Refusal } from "../../refusal.ts";
import { isIp, parsePrefix } from "../behaviour/ip.ts";
import { badInput } from "./errors.ts";
/*
 * Converters of attribute values (neutron-lib, `api/converters.py` and `api/validators`): each returns the value in its own type or throws
 * why it refuses it, an `InvalidValue` for the usual sentence or a whole `Refusal`.
 */

/** Converts a value that a client sent. @throws InvalidValue | Refusal */
export type Convert<T> = (value: unknown) => T;

/** Why a value is refused; the parser of the body puts it into its usual sentence. */
export class InvalidValue extends Error {}

/** `DESCRIPTION_FIELD_SIZE`, `NAME_FIELD_SIZE`, `DEVICE_ID_FIELD_SIZE`: characters of a text unless a resource says otherwise. */
export const TEXT_CHARS_MAX = 255;
const MAC = /^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i;
/** `INVALID_MAC_ADDRESSES`. */
const INVALID_MACS = ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"];

/** Whether Python takes a value for false. */
export const isFalsy = (value: unknown): boolean =>
  value === null ||
  value === "" ||
  value === 0 ||
  value === false ||
  (typeof value === "object" && Object.keys(value).length === 0);

/** A value in which nothing is converted or refused. */
export const anything: Convert<unknown> = (value) => value;

/** A string of at most this many characters. */
export const textUpTo =
  (charsMax: number): Convert<string> =>
  (value) => {
    if (typeof value !== "string") throw new InvalidValue(`'${str(value)}' is not a valid string.`);
    if (Array.from(value).length > charsMax)
      throw new InvalidValue(`'${value}' exceeds maximum length of ${charsMax}.`);
    return value;
  };

/** A string of at most 255 characters. */
export const text = textUpTo(TEXT_CHARS_MAX);

/** A string with more than white space in it, of any length. */
export const textNotBlank: Convert<string> = (value) => {
  const given = textUpTo(Number.POSITIVE_INFINITY)(value);
  if (given.trim() === "") throw new InvalidValue(`'${given}' Blank strings are not permitted.`);
  return given;
};

/** `strutils.bool_from_string`, strict. */
const TRUE_WORDS = ["1", "t", "true", "on", "y", "yes"];
const FALSE_WORDS = ["0", "f", "false", "off", "n", "no"];

/** Booleans, and the words and digits that the service takes for them. */
export const boolean: Convert<boolean> = (value) => {
  if (typeof value === "boolean") return value;
  const word = str(value).toLowerCase().trim();
  if (TRUE_WORDS.includes(word)) return true;
  if (FALSE_WORDS.includes(word)) return false;
  throw badInput(`'${str(value)}' cannot be converted to boolean`);
};

/** The database can't hold integers of more bits than this. */
const DATABASE_INTEGER_MAX = 2_147_483_647;

/** Python's `int()`: whole numbers, fractions cut off, strings that read as whole numbers. An infinity is the service's own error. */
export const integer: Convert<number> = (value) => {
  if (typeof value === "boolean") return Number(value);
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) throw crash();
  if (typeof value === "number" && !Number.isNaN(value)) return Math.trunc(value);
  if (typeof value === "string" && /^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) return Number(value.replaceAll("_", ""));
  throw badInput(`'${str(value)}' is not an integer`);
};

const crash = (): Refusal =>
  new Refusal(500, "HTTPInternalServerError", "Request Failed: internal server error while processing your request.");

/** Fails like the service if its database can't hold the number. @throws Refusal 500 */
export function storable(value: number): number {
  if (Math.abs(value) > DATABASE_INTEGER_MAX) throw crash();
  return value;
}

/** A whole number that is not negative. */
export const nonNegative: Convert<number> = (value) => {
  const number = integer(value);
  if (number < 0) throw new InvalidValue(`'${number}' should be non-negative.`);
  return number;
};

/** One of some values; `before` converts first. */
export function oneOf<const T>(values: readonly T[], before: Convert<unknown> = anything): Convert<T> {
  return (value) => {
    const converted = before(value);
    const known = values.find((each) => each === converted);
    if (known === undefined) throw new InvalidValue(`${str(converted)} is not in valid_values.`);
    return known;
  };
}

/** Null passes unconverted. */
export const orNull =
  <T>(convert: Convert<T>): Convert<T | null> =>
  (value) =>
    value === null ? null : convert(value);

/** A UUID in lower case with hyphens. */
export const uuid: Convert<string> = (value) => {
  if (typeof value !== "string" || !isUuid(value)) throw new InvalidValue(`'${str(value)}' is not a valid UUID.`);
  return value;
};

/** The repeated elements, each once (`_collect_duplicates`). */
export function repeatedIn(items: readonly unknown[]): readonly string[] {
  const seen = new Set<string>();
  const repeated = new Map<string, unknown>();
  for (const each of items) {
    const key = repr(each);
    if (seen.has(key)) repeated.set(key, each);
    seen.add(key);
  }
  return [...repeated.values()].map(str);
}

/** A list of distinct elements, each converted. */
export const listOf =
  <T>(convert: Convert<T>): Convert<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value)) throw new InvalidValue(`'${str(value)}' is not a list.`);
    const repeated = repeatedIn(value);
    if (repeated.length > 0) throw new InvalidValue(`Duplicate items in the list: '${repeated.join(", ")}'.`);
    return value.map((each: unknown) => convert(each));
  };

/** Null is the empty list. */
export const orEmpty =
  <T>(convert: Convert<readonly T[]>): Convert<readonly T[]> =>
  (value) =>
    convert(value === null ? [] : value);

/** A list of distinct UUIDs; null is the empty one. */
export const uuids = orEmpty(listOf(uuid));

/** Names of availability zones, each at most 255 characters; how many there may be is the resource's matter. */
export const zoneHints = listOf(text);

/** An IP address of either version; one of IPv4 as it is usually written. */
export const ip: Convert<string> = (value) => {
  if (!isIp(value)) throw new InvalidValue(`'${str(value)}' is not a valid IP address.`);
  const usual = value.includes(":") ? value : value.split(".").map(Number).join(".");
  if (usual !== value) throw new InvalidValue(`'${value}' is not an accepted IP address, '${usual}' is recommended.`);
  return value;
};

/** A prefix with its length, written by its first address. */
export const cidr: Convert<string> = (value) => {
  const prefix = typeof value === "string" && value.includes("/") ? parsePrefix(value) : undefined;
  if (prefix === undefined) throw new InvalidValue(`'${str(value)}' is not a valid CIDR.`);
  return prefix.text;
};

/** A prefix that a subnet pool or an address group holds; its host part is dropped. */
export const subnetPrefix: Convert<string> = (value) => {
  const prefix = parsePrefix(value);
  if (prefix === undefined) throw new InvalidValue(`'${str(value)}' is not a valid IP subnet.`);
  if (typeof value === "string" && !value.includes("/"))
    throw new InvalidValue(`'${value}' isn't a recognized IP subnet cidr, '${prefix.text}' is recommended.`);
  return prefix.text;
};

/** A MAC address with colons or hyphens, as it was written. */
export const mac: Convert<string> = (value) => {
  const given = typeof value === "string" ? value : "";
  if (!MAC.test(given) || INVALID_MACS.includes(given.toLowerCase()))
    throw new InvalidValue(`'${str(value)}' is not a valid MAC address.`);
  return given;
};
