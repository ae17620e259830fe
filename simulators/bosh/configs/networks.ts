import { canonicalName } from "../deploy/canonical.ts";
import { rubyInstance } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { anyField, type Fields, indexField, isHash, optionalField, requireField } from "./fields.ts";
import { includesRange, type IpRange, parseAddresses } from "./ip-ranges.ts";
import { parseDns, parseSubnet, type Subnet, parseZones } from "./subnets.ts";

/** A network of a cloud config (manual_network.rb, dynamic_network.rb and vip_network.rb in bosh-director). */
export interface Network {
  readonly name: string;
  readonly type: "manual" | "dynamic" | "vip";
  readonly subnets: readonly Subnet[];
}

const INVALID_PROPERTY = 160008;

/** @throws DirectorError for the first rule that it breaks */
export function parseNetwork(fields: unknown, zones: ReadonlyMap<string, Fields>): Network {
  const type = optionalField(fields, "type", "string") ?? "manual";
  if (type === "manual") return parseManual(fields, zones);
  if (type === "dynamic") return parseDynamic(fields, zones);
  if (type === "vip") return parseVip(fields, zones);
  throw new DirectorError(190010, `Invalid network type '${type}'`);
}

function parseManual(fields: unknown, zones: ReadonlyMap<string, Fields>): Network {
  const name = requireField(fields, "name", "string");
  const subnets: Subnet[] = [];
  for (const spec of requireField(fields, "subnets", "array")) {
    const fresh = parseSubnet(name, spec, zones);
    for (const each of subnets) {
      if (includesRange(each.range, fresh.range) || includesRange(fresh.range, each.range))
        throw new DirectorError(160001, `Network '${name}' has overlapping subnets`);
      // The director compares only the subnets read before this one.
      if (each.prefix !== subnets[0]?.prefix)
        throw new DirectorError(16014, `Network '${name}' has subnets that define different prefixes`);
    }
    subnets.push(fresh);
  }
  const zoned = subnets.filter(({ azs }) => azs.length > 0).length;
  if (zoned > 0 && zoned < subnets.length)
    throw new DirectorError(140016, `Subnets on network '${name}' must all either specify availability zone or not`);
  return { name, type: "manual", subnets };
}

/** Properties that belong to the subnets, if there are any. */
const OF_SUBNETS = ["dns", "cloud_properties"];

function parseDynamic(fields: unknown, zones: ReadonlyMap<string, Fields>): Network {
  const name = requireField(fields, "name", "string");
  canonicalName(name);
  const has = (key: string): boolean => anyField(fields, key) !== undefined;
  for (const key of ["az", "azs", "managed", "prefix"])
    if (has(key)) throw new DirectorError(INVALID_PROPERTY, `Network '${name}' must not specify '${key}'.`);
  if (!has("subnets")) return { name, type: "dynamic", subnets: [addresslessSubnet(name, fields, [])] };
  for (const key of OF_SUBNETS)
    if (has(key))
      throw new DirectorError(
        INVALID_PROPERTY,
        `Network '${name}' must not specify '${key}' when also specifying 'subnets'. Instead, '${key}' should be specified on subnet entries.`,
      );
  const given = anyField(fields, "subnets");
  const specs: unknown = isHash(given) ? Object.entries(given) : given;
  if (!Array.isArray(specs)) throw new DirectorError(UNCLASSED, `undefined method 'map' for ${rubyInstance(specs)}`);
  const subnets = specs.map((spec: unknown) => {
    indexField(spec, "name");
    const subnet = addresslessSubnet(name, spec, []);
    if ((optionalField(spec, "prefix", "integer") ?? 32) !== 32)
      throw new DirectorError(INVALID_PROPERTY, "Prefix property is not supported for dynamic networks.");
    return { ...subnet, azs: parseZones(spec, name, zones) };
  });
  return { name, type: "dynamic", subnets };
}

const NO_ADDRESSES: IpRange = { family: 4, first: 0n, last: -1n, prefix: 32 };

/** A subnet whose addresses the IaaS chooses. */
function addresslessSubnet(network: string, fields: unknown, statics: readonly IpRange[]): Subnet {
  const dns = parseDns(network, fields);
  const cloudProperties = optionalField(fields, "cloud_properties", "hash") ?? {};
  return {
    range: NO_ADDRESSES,
    prefix: "32",
    netmask: "",
    gateway: "",
    dns,
    azs: [],
    taken: [],
    statics,
    cloudProperties,
  };
}

function parseVip(fields: unknown, zones: ReadonlyMap<string, Fields>): Network {
  const name = requireField(fields, "name", "string");
  const subnets = (optionalField(fields, "subnets", "array") ?? []).map((spec) => {
    const statics = parseAddresses(optionalField(spec, "static", "array") ?? []);
    return { ...addresslessSubnet(name, {}, statics), azs: parseZones(spec, name, zones) };
  });
  optionalField(fields, "cloud_properties", "hash");
  return { name, type: "vip", subnets };
}

/** Whether a network can serve a group in these zones, or one without any (`has_azs?` in bosh-director's network.rb). */
export function servesZones({ type, subnets }: Network, azs: readonly string[] | undefined): boolean {
  if (type === "vip") return true;
  const wanted = azs === undefined || azs.length === 0 ? [undefined] : azs;
  if (azs?.length === 0) return true;
  const offered = subnets.flatMap((each): readonly (string | undefined)[] =>
    each.azs.length === 0 ? [undefined] : each.azs,
  );
  if (offered.length === 0 && azs === undefined) return true;
  return wanted.every((az) => offered.includes(az));
}
