import { isObject, isUuid } from "../../../kernel/index.ts";
import { repr, str } from "../../python/index.ts";
import { parsePrefix } from "../behaviour/ip.ts";
import type { HostRoute } from "../state/rows.ts";
import { badInput, httpBadRequest, invalid } from "./errors.ts";
import type { View } from "./views.ts";
import { cidr, type Convert, InvalidValue, ip, mac, repeatedIn, TEXT_CHARS_MAX, uuid } from "./converters.ts";

/*
 * Converters of lists and dictionaries.
 */

/** The members that Python iterates over: the letters of a string, the keys of a dictionary. */
function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (typeof value === "string") return Array.from(value);
  if (Array.isArray(value)) return value;
  return isDictionary(value) ? Object.keys(value) : undefined;
}

/** Addresses of name servers; null means none. */
export const nameservers: Convert<readonly string[]> = (value) => {
  const items = itemsOf(value ?? []);
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

const quoteAll = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(", ");

const wrongKeys = (expected: readonly string[], provided: readonly string[]): InvalidValue =>
  new InvalidValue(
    `Validation of dictionary's keys failed. Expected keys: {${quoteAll(expected)}} Provided keys: ${provided.length === 0 ? "set()" : `{${quoteAll(provided)}}`}.`,
  );

/** An object with all of the required keys and none but these. @throws InvalidValue */
function dictionaryOf(value: unknown, required: readonly string[], optional: readonly string[] = []): View {
  const fields = dictionary(value);
  const names = Object.keys(fields);
  const isFine =
    required.every((name) => names.includes(name)) && names.every((name) => [...required, ...optional].includes(name));
  if (isFine) return fields;
  throw wrongKeys(required, names);
}

/** The same, in the words of validators that look for what is too much first. @throws InvalidValue */
export function knownKeys(value: unknown, required: readonly string[], optional: readonly string[] = []): View {
  const fields = dictionary(value);
  const unexpected = Object.keys(fields).filter((name) => ![...required, ...optional].includes(name));
  if (required.every((name) => Object.hasOwn(fields, name)) && unexpected.length > 0)
    throw new InvalidValue(`Unexpected keys supplied: ${unexpected.join(", ")}.`);
  return dictionaryOf(fields, required, optional);
}

/** An object with exactly these keys; `shown` is their order in the refusal. @throws InvalidValue */
function exactDictionary(value: unknown, keys: readonly string[], shown: readonly string[] = keys): View {
  if (!isDictionary(value))
    throw new InvalidValue(`Invalid input. '${str(value)}' must be a dictionary with keys: [${quoteAll(keys)}].`);
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

/** Converts a value, or refuses it with the reason alone instead of the usual sentence. @throws Refusal 400 */
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
  for (const each of value) if (!isDhcpOption(each)) throw badInput(`No valid key specs matched for: ${str(each)}`);
  return value;
};
