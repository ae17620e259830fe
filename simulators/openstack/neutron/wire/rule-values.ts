import { str } from "../../python/index.ts";
import { addressText, addressValue, parsePrefix } from "../behaviour/ip.ts";
import { PROTOCOLS, protocolNumber } from "../behaviour/protocols.ts";
import type { NewRule } from "../behaviour/security-groups.ts";
import { isFalsy } from "./converters.ts";
import { internalError, invalid } from "./errors.ts";

/*
 * Values of security group rules, which have converters and checks of their own (docs/discoveries/openstack.md, "Security groups").
 */

const WITH_PORTS = [33, 132, 6, 17, 136];
const ICMP = [1, 58];
const IPV6_ONLY = ["ipv6-encap", "ipv6-frag", "ipv6-icmp", "icmpv6", "ipv6-nonxt", "ipv6-opts", "ipv6-route"];

const IPV6_NUMBERS = IPV6_ONLY.flatMap((name) => PROTOCOLS[name] ?? []);

const PORT_MAX = 65_535;
const PROTOCOL_MAX = 255;
const ICMP_MAX = 255;

/** A name that the service knows in lower case, or a number. @throws Refusal 400, 500 */
export const protocol = (value: unknown): string => {
  // Truth and fractions pass as numbers, and fail in the database.
  const isNumberLike = typeof value === "boolean" || (typeof value === "number" && !Number.isInteger(value));
  if (typeof value === "object" || (isNumberLike && Math.trunc(Number(value)) <= PROTOCOL_MAX)) throw internalError();
  const word = str(value).toLowerCase();
  const isNumber = /^\d+$/.test(word) && Number(word) <= PROTOCOL_MAX;
  if (Object.hasOwn(PROTOCOLS, word) || isNumber) return word;
  const known = Object.keys(PROTOCOLS).map((name) => `'${name}'`);
  throw invalid(
    "SecurityGroupRuleInvalidProtocol",
    `Security group rule protocol ${str(value)} not supported. Only protocol values [None, ${known.join(", ")}] and integer representations [0 to 255] are supported.`,
  );
};

/** @throws Refusal 400 */
export const portNumber = (value: unknown): number => {
  const isText = typeof value === "string" && /^\s*[+-]?\d+(_\d+)*\s*$/.test(value);
  const isNumber = typeof value === "number" || typeof value === "boolean";
  const port = isText ? Number(value.replaceAll("_", "")) : isNumber ? Math.trunc(Number(value)) : Number.NaN;
  if (port >= 0 && port <= PORT_MAX) return port;
  throw invalid("SecurityGroupInvalidPortValue", `Invalid value for port ${str(value)}`);
};

const ETHERTYPES = ["IPv4", "IPv6"] as const;

/** Whatever the case. @throws Refusal 400 */
export const ethertype = (value: unknown): (typeof ETHERTYPES)[number] => {
  const known = ETHERTYPES.find((each) => each.toLowerCase() === String(value).toLowerCase());
  if (known !== undefined) return known;
  throw invalid(
    "SecurityGroupRuleInvalidEtherType",
    `Security group rule for ethertype '${str(value)}' not supported. Allowed values are ['IPv4', 'IPv6'].`,
  );
};

/** The address stays as it was given; only `normalized_cidr` is the network's. What is empty is none. @throws Refusal 400 */
export const remotePrefix = (value: unknown): string | null => {
  if (isFalsy(value)) return null;
  const prefix = parsePrefix(value);
  if (prefix === undefined) throw invalid("InvalidCIDR", `Invalid CIDR ${str(value)} given as IP prefix.`);
  return `${addressText(addressValue(String(value).split("/")[0] ?? ""), prefix.version)}/${prefix.bits}`;
};

/** Checks a rule's values against each other. @throws Refusal 400 */
export function checkRule(rule: NewRule): void {
  checkPorts(rule);
  checkVersions(rule);
  const remotes = [rule.remoteIpPrefix, rule.remoteGroupId, rule.remoteAddressGroupId];
  if (remotes.filter((each) => each != null).length > 1)
    throw invalid(
      "SecurityGroupMultipleRemoteEntites",
      "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.",
    );
}

function checkPorts({ protocol: name, portMin, portMax }: NewRule): void {
  if (portMin == null && portMax == null) return;
  if (name == null)
    throw invalid("SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.");
  const number = protocolNumber(name) ?? Number.NaN;
  if (ICMP.includes(number)) return checkIcmp(portMin ?? null, portMax ?? null);
  if (!WITH_PORTS.includes(number))
    throw invalid(
      "SecurityGroupInvalidProtocolForPort",
      `Ports cannot be specified for protocol ${number}. Ports are only supported for DCCP, SCTP, TCP, UDP, UDPLITE.`,
    );
  if (portMin === 0 || portMax === 0) throw invalid("SecurityGroupInvalidPortValue", "Invalid value for port 0");
  if (portMin == null || portMax == null || portMin > portMax)
    throw invalid("SecurityGroupInvalidPortRange", "For TCP/UDP protocols, port_range_min must be <= port_range_max");
}

/** Type and code of ICMP are in the fields of the ports. */
function checkIcmp(type: number | null, code: number | null): void {
  for (const [value, field, attribute] of [
    [type, "type", "port_range_min"],
    [code, "code", "port_range_max"],
  ] as const)
    if (value !== null && value > ICMP_MAX)
      throw invalid(
        "SecurityGroupInvalidIcmpValue",
        `Invalid value for ICMP ${field} (${attribute}) ${value}. It must be 0 to 255.`,
      );
  if (type === null && code !== null)
    throw invalid(
      "SecurityGroupMissingIcmpType",
      `ICMP code (port-range-max) ${code} is provided but ICMP type (port-range-min) is missing.`,
    );
}

function checkVersions({ ethertype: version, protocol: name, remoteIpPrefix }: NewRule): void {
  if (remoteIpPrefix != null && remoteIpPrefix.includes(":") !== (version === "IPv6"))
    throw invalid(
      "SecurityGroupRuleParameterConflict",
      `Conflicting value ethertype ${version} for CIDR ${remoteIpPrefix}`,
    );
  if (version === "IPv4" && (IPV6_ONLY.includes(name ?? "") || IPV6_NUMBERS.includes(Number(name ?? Number.NaN))))
    throw invalid("SecurityGroupEthertypeConflictWithProtocol", `Invalid ethertype ${version} for protocol ${name}.`);
}
