import { rubyInstance, toRubyText } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { anyField, type Fields, optionalField, requireField } from "./fields.ts";
import { countOf, formatIp, includesRange, type IpRange, parseIp, parseRanges, showRange } from "./ip-ranges.ts";

/** A range of addresses with its gateway (manual_network_subnet.rb in bosh-director). */
export interface Subnet {
  readonly range: IpRange;
  /** The prefix length of each instance's share: a single address unless the config says otherwise. */
  readonly prefix: string;
  readonly netmask: string;
  readonly gateway: string;
  readonly dns: readonly string[];
  /** Empty: the subnet serves any zone. */
  readonly azs: readonly string[];
  /** Addresses that are not handed out: first, last, gateway, reserved and static ones, in their order. */
  readonly taken: readonly IpRange[];
  readonly statics: readonly IpRange[];
  readonly cloudProperties: Fields;
}

/** @throws DirectorError for the first rule that it breaks */
export function parseSubnet(network: string, fields: unknown, zones: ReadonlyMap<string, Fields>): Subnet {
  const cidr = requireField(fields, "range", "string");
  const gatewayText = requireField(fields, "gateway", "string");
  const range = parseIp(cidr);
  if (countOf(range) <= 1n)
    throw new DirectorError(160002, `Invalid network range '${cidr}', should include at least 2 IPs`);
  const gateway = parseGateway(network, range, gatewayText);
  const restricted = [gateway, addressAt(range, range.first), addressAt(range, range.last)];
  for (const each of parseRanges(anyField(fields, "reserved"))) {
    if (!includesRange(range, each))
      throw new DirectorError(160005, `Reserved IP '${showRange(each)}' is out of network '${network}' range`);
    restricted.push(each);
  }
  const statics = parseStatics(network, range, restricted, anyField(fields, "static"));
  const prefix = parsePrefix(range, anyField(fields, "prefix"));
  const dns = parseDns(network, fields);
  const azs = parseZones(fields, network, zones);
  optionalField(fields, "netmask_bits", "integer");
  const cloudProperties = optionalField(fields, "cloud_properties", "hash") ?? {};
  const taken = [...restricted, ...statics].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  return {
    range,
    prefix,
    netmask: netmaskOf(range),
    gateway: formatIp(gateway.family, gateway.first),
    dns,
    azs,
    taken,
    statics,
    cloudProperties,
  };
}

const BITS = { 4: 32, 6: 128 } as const;

const addressAt = ({ family }: IpRange, value: bigint): IpRange => ({
  family,
  first: value,
  last: value,
  prefix: BITS[family],
});

const netmaskOf = (range: IpRange): string =>
  formatIp(range.family, (1n << BigInt(BITS[range.family])) - countOf(range));

/** @throws DirectorError 100, 160003 */
function parseGateway(network: string, range: IpRange, text: string): IpRange {
  const gateway = parseIp(text);
  const refuse = (reason: string): DirectorError =>
    new DirectorError(160003, `Invalid gateway for network '${network}': ${reason}`);
  if (countOf(gateway) !== 1n) throw refuse("must be a single IP");
  if (!includesRange(range, gateway)) throw refuse("must be inside the range");
  if (gateway.first === range.first) throw refuse("can't be the network id");
  if (gateway.first === range.last) throw refuse("can't be the broadcast IP");
  return gateway;
}

/** @throws DirectorError 160006, 160010 */
function parseStatics(
  network: string,
  range: IpRange,
  restricted: readonly IpRange[],
  spec: unknown,
): readonly IpRange[] {
  return parseRanges(spec).map((each) => {
    if (restricted.some((other) => includesRange(other, each)))
      throw new DirectorError(160006, `Static IP '${showRange(each)}' is in network '${network}' reserved range`);
    if (!includesRange(range, each))
      throw new DirectorError(160006, `Static IP '${showRange(each)}' is out of network '${network}' range`);
    return each;
  });
}

/** @throws DirectorError 16013 */
function parsePrefix(range: IpRange, value: unknown): string {
  if (value === undefined || value === null) return String(BITS[range.family]);
  if (typeof value !== "string" && typeof value !== "number")
    throw new DirectorError(UNCLASSED, `undefined method 'to_i' for ${rubyInstance(value)}`);
  const bits = Number.parseInt(String(value), 10) || 0;
  if (range.prefix > bits)
    throw new DirectorError(16013, `Prefix size '${String(value)}' is larger than range prefix '${range.prefix}'`);
  return String(value);
}

/** The name servers of a subnet. @throws DirectorError 100, 160004 */
export const parseDns = (network: string, fields: unknown): readonly string[] =>
  (optionalField(fields, "dns", "array") ?? []).map((each) => {
    const address = typeof each === "number" ? parseNumber(each) : parseIp(requireText(each));
    if (countOf(address) !== 1n)
      throw new DirectorError(160004, `Invalid DNS for network '${network}': must be a single IP`);
    return formatIp(address.family, address.first);
  });

/** @throws DirectorError 100 in the words of Ruby's IPAddr */
function requireText(value: unknown): string {
  if (typeof value === "string") return value;
  throw new DirectorError(UNCLASSED, "address family must be specified");
}

/** A number stands for an address. @throws DirectorError 100 */
function parseNumber(value: number): IpRange {
  if (!Number.isInteger(value) || value < 0 || value > MAX_V4) return parseIp(requireText(null));
  return parseIp(formatIp(4, BigInt(value)));
}

const MAX_V4 = 2 ** 32 - 1;

/** The zones of a subnet; none if it names none. @throws DirectorError 160007, 160008, 40000 */
export function parseZones(fields: unknown, network: string, zones: ReadonlyMap<string, Fields>): readonly string[] {
  const list = anyField(fields, "azs");
  if (list !== undefined && anyField(fields, "az") !== undefined)
    throw new DirectorError(160008, `Network '${network}' contains both 'az' and 'azs'. Choose one.`);
  const az = optionalField(fields, "az", "string");
  const named = optionalField(fields, "azs", "array") ?? (az === undefined ? [] : [az]);
  if (list !== undefined && named.length === 0)
    throw new DirectorError(160008, `Network '${network}' refers to an empty 'azs' array`);
  return named.map((each) => {
    if (typeof each === "string" && zones.has(each)) return each;
    if (each === null) throw new DirectorError(UNCLASSED, `undefined method 'name' for ${rubyInstance(each)}`);
    throw new DirectorError(
      160007,
      `Network '${network}' refers to an unknown availability zone '${toRubyText(each)}'`,
    );
  });
}
