import { isObject, isUuid } from "../../../kernel/index.ts";
import { repr, str } from "../../python/index.ts";
import { Refusal } from "../../refusal.ts";
import { isIp, parsePrefix } from "../behaviour/ip.ts";
import type { HostRoute } from "../state/rows.ts";
import { badInput, httpBadRequest, invalid } from "./errors.ts";
import type { View } from "./views.ts";

/*
 * Converters of attribute values (neutron-lib, `api/converters.py` and `api/validators`): each returns the value in its own type or throws
 * why it refuses it, an `InvalidValue` for the usual sentence or a whole `Refusal`.
 */

/** Converts a value that a client sent. @throws InvalidValue | Refusal */
export type Convert<T> = (value: unknown) => T;

/** Why a value is refused; the parser of the body puts it into its usual sentence. */
export class InvalidValue extends Error {}

/** `DESCRIPTION_FIELD_SIZE`, `NAME_FIELD_SIZE`, `DEVICE_ID_FIELD_SIZE`: characters of a text unless a resource says otherwise. */
const TEXT_CHARS_MAX = 255;
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
/** `INVALID_MAC_ADDRESSES`. */
const INVALID_MACS = ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"];

/** A value in which nothing is converted or refused. */
export const anything: Convert<unknown> = (value) => value;

/** A string of so many characters at most. */
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

/** Integers beyond this many bits are none that the database can hold. */
const DATABASE_INTEGER_MAX = 2_147_483_647;

/** Python's `int()`: whole numbers, fractions cut off, strings that read as whole numbers. An infinity is an error of the service's own. */
export const integer: Convert<number> = (value) => {
  if (typeof value === "boolean") return Number(value);
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) throw crash();
  if (typeof value === "number" && !Number.isNaN(value)) return Math.trunc(value);
  if (typeof value === "string" && /^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) return Number(value.replaceAll("_", ""));
  throw badInput(`'${str(value)}' is not an integer`);
};

const crash = (): Refusal =>
  new Refusal(500, "HTTPInternalServerError", "Request Failed: internal server error while processing your request.");

/** Fails as the service does when its database can't hold the number. @throws Refusal 500 */
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

/** The elements that appear again, each once (`_collect_duplicates`). */
function repeatedIn(items: readonly unknown[]): readonly string[] {
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

/** A MAC address with colons, as it was written. */
export const mac: Convert<string> = (value) => {
  if (typeof value !== "string" || !MAC.test(value) || INVALID_MACS.includes(value.toLowerCase()))
    throw new InvalidValue(`'${str(value)}' is not a valid MAC address.`);
  return value;
};

/** The members that Python iterates over: the letters of a string, the keys of a dictionary. */
function iterated(value: unknown): readonly unknown[] | undefined {
  if (typeof value === "string") return Array.from(value);
  if (Array.isArray(value)) return value;
  return isDictionary(value) ? Object.keys(value) : undefined;
}

/** Addresses of name servers; null means none. */
export const nameservers: Convert<readonly string[]> = (value) => {
  const items = iterated(value ?? []);
  if (items === undefined) throw new InvalidValue(`Invalid data format for nameserver: '${str(value)}'.`);
  const hosts = items.map((each) => {
    try {
      return ip(each);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      throw new InvalidValue(`'${str(each)}' is not a valid nameserver. ${error.message}`);
    }
  });
  const [repeated] = repeatedIn(hosts);
  if (repeated !== undefined) throw new InvalidValue(`Duplicate nameserver '${repeated}'.`);
  return hosts;
};

/** Whether the value is what Python calls a dictionary. */
export const isDictionary = (value: unknown): value is View => isObject(value);

/** An object. */
export const dictionary: Convert<View> = (value) => {
  if (!isDictionary(value)) throw new InvalidValue(`'${str(value)}' is not a dictionary.`);
  return value;
};

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(", ");

const wrongKeys = (expected: readonly string[], provided: readonly string[]): InvalidValue =>
  new InvalidValue(
    `Validation of dictionary's keys failed. Expected keys: {${quoted(expected)}} Provided keys: {${quoted(provided)}}.`,
  );

/** An object with all of the required keys and none but these. @throws InvalidValue */
export function dictionaryOf(value: unknown, required: readonly string[], optional: readonly string[] = []): View {
  const fields = dictionary(value);
  const names = Object.keys(fields);
  const isFine =
    required.every((name) => names.includes(name)) && names.every((name) => [...required, ...optional].includes(name));
  if (isFine) return fields;
  throw wrongKeys(required, names);
}

/** An object with exactly these keys; `shown` is their order in the refusal. @throws InvalidValue */
function exactDictionary(value: unknown, keys: readonly string[], shown: readonly string[] = keys): View {
  if (!isDictionary(value))
    throw new InvalidValue(`Invalid input. '${str(value)}' must be a dictionary with keys: [${quoted(keys)}].`);
  const names = Object.keys(value);
  if (names.length === keys.length && keys.every((key) => names.includes(key))) return value;
  throw wrongKeys(shown, names);
}

/** A list; the refusal says what it should hold. @throws InvalidValue */
const rawList = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw new InvalidValue(`Invalid data format for ${what}: '${str(value)}'.`);
  return value;
};

/** Ranges that a subnet allocates addresses from. */
export const allocationPools: Convert<readonly { readonly start: string; readonly end: string }[]> = (value) =>
  rawList(value, "IP pool").map((each) => {
    const { start, end } = exactDictionary(each, ["start", "end"]);
    return { start: ip(start), end: ip(end) };
  });

/** Routes of a router or a subnet; null means no routes. */
export const routes: Convert<readonly HostRoute[]> = (value) => {
  const all = rawList(value ?? [], "hostroute").map((each) => {
    const { destination, nexthop } = exactDictionary(each, ["destination", "nexthop"], ["nexthop", "destination"]);
    return { destination: cidr(destination), nexthop: ip(nexthop) };
  });
  const [repeated] = repeatedIn(all);
  if (repeated !== undefined) throw new InvalidValue(`Duplicate hostroute '${repeated}'.`);
  return all;
};

/** An address as a client asks for it. */
export interface FixedIpFields {
  readonly subnet_id?: string;
  readonly ip_address?: string;
}

/** Addresses of a port: on a subnet, a certain one, or both. */
export const fixedIps: Convert<readonly FixedIpFields[]> = (value) => {
  const seen = new Set<unknown>();
  return rawList(value, "fixed IP").map((each) => {
    if (!isDictionary(each)) throw new InvalidValue(`Invalid data format for fixed IP: '${str(each)}'.`);
    const { subnet_id: subnetId, ip_address: address } = each;
    if (address !== undefined && seen.has(address)) throw new InvalidValue(`Duplicate IP address '${str(address)}'.`);
    seen.add(address);
    return {
      ...(address !== undefined && { ip_address: ip(address) }),
      ...(subnetId !== undefined && { subnet_id: uuid(subnetId) }),
    };
  });
};

/** A pair as a client asks for it; without a MAC address it is the port's own. */
export interface AddressPairFields {
  readonly ip_address: string;
  readonly mac_address?: string;
}

/** `max_allowed_address_pair`. */
const ADDRESS_PAIRS_MAX = 10;

/** Converts, and refuses with the reason alone instead of the usual sentence. @throws Refusal 400 */
function plainly<T>(convert: Convert<T>, value: unknown): T {
  try {
    return convert(value);
  } catch (error) {
    if (error instanceof InvalidValue) throw httpBadRequest(error.message.replace(/\.$/, ""));
    throw error;
  }
}

const pairAddress: Convert<string> = (value) => {
  if (typeof value !== "string" || !value.includes("/")) return ip(value);
  if (parsePrefix(value) === undefined) throw new InvalidValue(`'${value}' is not a valid IP subnet.`);
  return value;
};

function addressPair(value: unknown): AddressPairFields {
  const { ip_address: address, mac_address: ownMac, ...others } = dictionary(value);
  const ownMacGiven = ownMac === undefined ? undefined : plainly(mac, ownMac);
  if (address === undefined)
    throw invalid("AllowedAddressPairsMissingIP", "AllowedAddressPair must contain ip_address");
  if (Object.keys(others).length > 0)
    throw httpBadRequest(`Unrecognized attribute(s) '${Object.keys(others).join(", ")}'`);
  return { ip_address: plainly(pairAddress, address), ...(ownMacGiven !== undefined && { mac_address: ownMacGiven }) };
}

/** Pairs of addresses that a port may use beside its own. */
export const addressPairs: Convert<readonly AddressPairFields[]> = (value) => {
  if (value === null) return [];
  if (!Array.isArray(value)) throw httpBadRequest("Allowed address pairs must be a list.");
  if (value.length > ADDRESS_PAIRS_MAX)
    throw invalid(
      "AllowedAddressPairExhausted",
      `The number of allowed address pair exceeds the maximum ${ADDRESS_PAIRS_MAX}.`,
    );
  const seen = new Set<string>();
  return value.map((each) => {
    const pair = addressPair(each);
    const key = repr([pair.mac_address ?? null, pair.ip_address]);
    if (seen.has(key))
      throw invalid(
        "DuplicateAddressPairInRequest",
        `Request contains duplicate address pair: mac_address ${str(pair.mac_address)} ip_address ${pair.ip_address}.`,
      );
    seen.add(key);
    return pair;
  });
};

const isText = (value: unknown): boolean => typeof value === "string" && value.length <= TEXT_CHARS_MAX;

function isDhcpOption(value: unknown): boolean {
  if (!isDictionary(value)) return false;
  const { opt_name: name, opt_value: content, ip_version: version = 4, id, ...others } = value;
  const isNamed = typeof name === "string" && name.trim() !== "" && isText(name);
  const isKnown = Object.keys(others).length === 0 && (id === undefined || (typeof id === "string" && isUuid(id)));
  const isVersion = (typeof version === "number" || typeof version === "string") && /^[46]$/.test(String(version));
  return isNamed && isKnown && (content === null || isText(content)) && isVersion;
}

/** Options for DHCP clients, of either version. */
export const dhcpOptions: Convert<readonly unknown[]> = (value) => {
  if (value === null) return [];
  if (!Array.isArray(value)) throw badInput(`'${str(value)}' is not a list`);
  for (const each of value) if (!isDhcpOption(each)) throw badInput(`No valid key specs matched for: ${repr(each)}`);
  return value;
};
