import { isObject, isUuid } from "../../../kernel/index.ts";
import { repr, str } from "../../python/index.ts";
import { isIp, parsePrefix } from "../behaviour/ip.ts";
import type { HostRoute } from "../state/rows.ts";
import { badInput, httpBadRequest } from "./errors.ts";
import type { View } from "./views.ts";

/*
 * Converters of attribute values, as in neutron-lib: each returns the value in its own type or throws why it refuses it,
 * an `InvalidValue` for the usual sentence or a whole `Refusal`.
 */

/** Converts a value that a client sent. @throws InvalidValue | Refusal */
export type Convert<T> = (value: unknown) => T;

/** Why a value is refused; the parser of the body puts it into its usual sentence. */
export class InvalidValue extends Error {}

const TEXT_LENGTH_MAX = 255;
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

/** A value in which nothing is converted or refused. */
export const anything: Convert<unknown> = (value) => value;

/** A string of at most 255 characters. */
export const text: Convert<string> = (value) => {
  if (typeof value !== "string") throw new InvalidValue(`'${str(value)}' is not a valid string.`);
  if (value.length > TEXT_LENGTH_MAX)
    throw new InvalidValue(`'${value}' exceeds maximum length of ${TEXT_LENGTH_MAX}.`);
  return value;
};

/** A string for which null stands for the empty one. */
export const textOrEmpty: Convert<string> = (value) => (value === null ? "" : text(value));

/** Booleans, and the words and digits that the service takes for them. */
export const boolean: Convert<boolean> = (value) => {
  if (typeof value === "boolean") return value;
  const word = String(value).toLowerCase();
  if (["true", "1"].includes(word)) return true;
  if (["false", "0"].includes(word)) return false;
  throw badInput(`'${str(value)}' cannot be converted to boolean`);
};

/** A whole number, or a string that reads as one. */
export const integer: Convert<number> = (value) => {
  const number = typeof value === "boolean" || value === "" || value === null ? Number.NaN : Number(value);
  if (!Number.isInteger(number)) throw badInput(`'${str(value)}' is not an integer`);
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

function firstRepeated(items: readonly unknown[]): unknown {
  const seen = new Set<unknown>();
  return items.find((each) => seen.size === seen.add(each).size);
}

/** A list; null is the empty one. */
export const list: Convert<readonly unknown[]> = (value) => {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new InvalidValue(`'${str(value)}' is not a list.`);
  return value;
};

/** A list of strings; null is the empty one. */
export const texts: Convert<readonly string[]> = (value) => list(value).map(String);

/** A list of distinct UUIDs; null is the empty one. */
export const uuids: Convert<readonly string[]> = (value) => {
  const items = list(value);
  const repeated = firstRepeated(items);
  if (repeated !== undefined) throw new InvalidValue(`Duplicate items in the list: '${str(repeated)}'.`);
  return items.map(uuid);
};

/** An IP address of either version. */
export const ip: Convert<string> = (value) => {
  if (!isIp(value)) throw new InvalidValue(`'${str(value)}' is not a valid IP address.`);
  return value;
};

/** A prefix with its length; the answer is the network's own address. */
export const cidr: Convert<string> = (value) => {
  const prefix = typeof value === "string" && value.includes("/") ? parsePrefix(value) : undefined;
  if (prefix === undefined) throw new InvalidValue(`'${str(value)}' is not a valid CIDR.`);
  return prefix.text;
};

/** A MAC address with colons, in lower case. */
export const mac: Convert<string> = (value) => {
  if (typeof value !== "string" || !MAC.test(value))
    throw new InvalidValue(`'${str(value)}' is not a valid MAC address.`);
  return value.toLowerCase();
};

/** Addresses of name servers. A bare string is read letter by letter, as the service does. */
export const nameservers: Convert<readonly string[]> = (value) => {
  const items = (typeof value === "string" ? Array.from(value) : list(value)).map((each) => {
    if (isIp(each)) return each;
    throw new InvalidValue(`'${str(each)}' is not a valid nameserver. '${str(each)}' is not a valid IP address.`);
  });
  const repeated = firstRepeated(items);
  if (repeated !== undefined) throw new InvalidValue(`Duplicate nameserver '${str(repeated)}'.`);
  return items;
};

/** Whether the value is what Python calls a dictionary. */
export const isDictionary = (value: unknown): value is View => isObject(value);

/** An object. */
export const dictionary: Convert<View> = (value) => {
  if (!isDictionary(value)) throw new InvalidValue(`'${str(value)}' is not a dictionary.`);
  return value;
};

/** An object with all of the required keys and none but these. @throws InvalidValue */
export function dictionaryOf(value: unknown, required: readonly string[], optional: readonly string[] = []): View {
  const fields = dictionary(value);
  const names = Object.keys(fields);
  const isFine =
    required.every((name) => names.includes(name)) && names.every((name) => [...required, ...optional].includes(name));
  if (isFine) return fields;
  const quote = (some: readonly string[]): string => `{${some.map((name) => `'${name}'`).join(", ")}}`;
  throw new InvalidValue(
    `Validation of dictionary's keys failed. Expected keys: ${quote(required)} Provided keys: ${quote(names)}.`,
  );
}

/** A list; the refusal says what it should hold. @throws InvalidValue */
const listOf = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw new InvalidValue(`Invalid data format for ${what}: '${str(value)}'.`);
  return value;
};

/** Ranges that a subnet allocates addresses from. */
export const allocationPools: Convert<readonly { readonly start: string; readonly end: string }[]> = (value) =>
  listOf(value, "IP pool").map((each) => {
    const names = isDictionary(each) ? Object.keys(each) : [];
    if ([...names].sort().join() !== "end,start")
      throw new InvalidValue(`Invalid input. '${str(each)}' must be a dictionary with keys: ['start', 'end'].`);
    const { start, end } = dictionary(each);
    return { start: ip(start), end: ip(end) };
  });

/** Routes of a router or a subnet; null means no routes. */
export const routes: Convert<readonly HostRoute[]> = (value) =>
  listOf(value ?? [], "hostroute").map((each) => {
    const { destination, nexthop } = dictionaryOf(each, ["nexthop", "destination"]);
    return { destination: cidr(destination), nexthop: ip(nexthop) };
  });

/** An address as a client asks for it. */
export interface FixedIpFields {
  readonly subnet_id?: string;
  readonly ip_address?: string;
}

/** Addresses of a port: on a subnet, a certain one, or both. */
export const fixedIps: Convert<readonly FixedIpFields[]> = (value) =>
  listOf(value, "fixed IP").map((each) => {
    if (!isDictionary(each)) throw new InvalidValue(`Invalid data format for fixed IP: '${str(each)}'.`);
    const { subnet_id: subnetId, ip_address: address } = each;
    return {
      ...(subnetId !== undefined && { subnet_id: uuid(subnetId) }),
      ...(address !== undefined && { ip_address: ip(address) }),
    };
  });

/** A pair as a client asks for it; without a MAC address it is the port's own. */
export interface AddressPairFields {
  readonly ip_address: string;
  readonly mac_address?: string;
}

const isAddressOrPrefix = (value: unknown): value is string =>
  isIp(value) || (typeof value === "string" && parsePrefix(value) !== undefined);

/** Pairs of addresses that a port may use beside its own. */
export const addressPairs: Convert<readonly AddressPairFields[]> = (value) => {
  if (value === null) return [];
  if (!Array.isArray(value)) throw httpBadRequest("Allowed address pairs must be a list.");
  return value.map((each) => {
    const { ip_address: address, mac_address: ownMac } = dictionary(each);
    if (address === undefined) throw badInput("AllowedAddressPair must contain ip_address");
    if (!isAddressOrPrefix(address)) throw new InvalidValue(`'${str(address)}' is not a valid IP address.`);
    return { ip_address: address, ...(ownMac !== undefined && { mac_address: mac(ownMac) }) };
  });
};

const isText = (value: unknown): boolean => typeof value === "string" && value.length <= TEXT_LENGTH_MAX;

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
