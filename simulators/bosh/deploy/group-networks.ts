import type { CloudConfig } from "../configs/cloud-config.ts";
import { anyField, optionalField, requireField } from "../configs/fields.ts";
import { parseAddresses, showRange } from "../configs/ip-ranges.ts";
import { servesZones } from "../configs/networks.ts";
import { inspect, toRubyText } from "../templates/ruby.ts";
import { DirectorError } from "../wire/errors.ts";
import type { GroupNetwork } from "./manifest.ts";

/*
 * The networks and zones of an instance group (instance_group_networks_parser.rb and instance_group_availability_zone_parser.rb in
 * bosh-director).
 */

/** The properties that must each have exactly one default network. */
const REQUIRED_DEFAULTS = ["dns", "gateway"] as const;
const DEFAULTS: readonly string[] = [...REQUIRED_DEFAULTS, "addressable"];

/** @throws DirectorError 140009, 150001, 150003, 150004, 150005, 150008, 150009 */
export function readNetworks(
  fields: unknown,
  group: string,
  { networks: known }: CloudConfig,
): readonly GroupNetwork[] {
  const specs = requireField(fields, "networks", "array");
  if (specs.length === 0)
    throw new DirectorError(140009, `Instance group '${group}' must specify at least one network`);
  const networks = specs.map((spec) => {
    const name = requireField(spec, "name", "string");
    const defaults = (optionalField(spec, "default", "array") ?? []).map(toRubyText);
    optionalField(spec, "nic_group", "string");
    const staticIps = readStaticIps(anyField(spec, "static_ips"), group);
    const network = known.get(name);
    if (network === undefined)
      throw new DirectorError(150001, `Instance group '${group}' references an unknown network '${name}'`);
    if (network.type === "dynamic" && anyField(spec, "static_ips") !== undefined)
      throw new DirectorError(
        150008,
        `Instance group '${group}' using dynamic network '${name}' cannot specify static IP(s)`,
      );
    return { name, staticIps, defaults };
  });
  return withDefaults(networks, group);
}

/** @throws DirectorError 150009, 160010 */
function readStaticIps(spec: unknown, group: string): readonly string[] | undefined {
  if (spec === undefined || spec === null || spec === false) return undefined;
  const ips: string[] = [];
  const seen = new Set<string>();
  for (const each of parseAddresses(spec)) {
    const ip = showRange(each);
    if (seen.has(ip))
      throw new DirectorError(150009, `Instance group '${group}' specifies static IP '${ip}' more than once`);
    seen.add(ip);
    ips.push(ip.replace(/\/\d+$/, ""));
  }
  return ips;
}

/** @throws DirectorError 150003, 150004, 150005 */
function withDefaults(networks: readonly GroupNetwork[], group: string): readonly GroupNetwork[] {
  for (const property of networks.flatMap(({ defaults }) => defaults))
    if (!DEFAULTS.includes(property))
      throw new DirectorError(
        150003,
        `Instance group '${group}' specified an invalid default network property '${property}', valid properties are: ${REQUIRED_DEFAULTS.join(", ")}`,
      );
  const [only] = networks;
  const all =
    networks.length === 1 && only !== undefined
      ? [{ ...only, defaults: [...new Set([...only.defaults, ...REQUIRED_DEFAULTS])] }]
      : networks;
  const holders = DEFAULTS.map((property) => ({
    property,
    names: all.filter(({ defaults }) => defaults.includes(property)).map(({ name }) => `'${name}'`),
  }));
  const twice = holders.filter(({ names }) => names.length > 1);
  if (twice.length > 0)
    throw new DirectorError(
      150004,
      `Instance group '${group}' specified more than one network to contain default. ${twice.map(({ property, names }) => `'${property}' has default networks: ${names.join(", ")}.`).join(" ")}`,
    );
  const missing = REQUIRED_DEFAULTS.filter((property) => !all.some(({ defaults }) => defaults.includes(property)));
  if (missing.length > 0)
    throw new DirectorError(
      150005,
      `Instance group '${group}' must specify which network is default for ${missing.join(", ")}, since it has more than one network configured`,
    );
  return all;
}

/** The zones of a group; none if it names none. @throws DirectorError 140016, 140017, 140018, 150006 */
export function readZones(
  fields: unknown,
  group: string,
  config: CloudConfig,
  networks: readonly GroupNetwork[],
): readonly string[] {
  const named = optionalField(fields, "azs", "array");
  const azs = named?.map((each) => (typeof each === "string" ? each : inspect(each)));
  for (const { name } of networks) {
    const network = config.networks.get(name);
    if (network !== undefined && !servesZones(network, azs))
      throw new DirectorError(
        150006,
        `Instance group '${group}' must specify availability zone that matches availability zones of network '${name}'`,
      );
  }
  if (named === undefined) return [];
  if (named.length === 0) throw new DirectorError(140017, `Instance group '${group}' has empty availability zones`);
  for (const each of named)
    if (typeof each !== "string")
      throw new DirectorError(
        140016,
        `Instance group '${group}' has invalid availability zone '${String(each ?? "")}', string expected`,
      );
  const zones = named.filter((each) => typeof each === "string");
  for (const each of zones)
    if (!config.azs.has(each))
      throw new DirectorError(140018, `Instance group '${group}' references unknown availability zone '${each}'`);
  return zones;
}
