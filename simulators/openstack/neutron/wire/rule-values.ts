import { own } from "../../../kernel/index.ts";
import { addressText, addressValue, parsePrefix } from "../behaviour/ip.ts";
import type { NewRule } from "../behaviour/security-groups.ts";
import { invalid } from "./errors.ts";

/*
 * Values of security group rules, which have converters and checks of their own (docs/discoveries/openstack.md, "Security groups").
 */

/** Names of protocols with their numbers (IANA). */
const PROTOCOLS: Readonly<Record<string, number>> = {
  ah: 51,
  dccp: 33,
  egp: 8,
  esp: 50,
  gre: 47,
  icmp: 1,
  icmpv6: 58,
  igmp: 2,
  ipip: 4,
  "ipv6-encap": 41,
  "ipv6-frag": 44,
  "ipv6-icmp": 58,
  "ipv6-nonxt": 59,
  "ipv6-opts": 60,
  "ipv6-route": 43,
  ospf: 89,
  pgm: 113,
  rsvp: 46,
  sctp: 132,
  tcp: 6,
  udp: 17,
  udplite: 136,
  vrrp: 112,
};
const WITH_PORTS = [33, 132, 6, 17, 136];
const ICMP = [1, 58];
const IPV6_ONLY = ["ipv6-encap", "ipv6-frag", "ipv6-icmp", "icmpv6", "ipv6-nonxt", "ipv6-opts", "ipv6-route"];

const PORT_MAX = 65_535;
const PROTOCOL_MAX = 255;
const ICMP_MAX = 255;

/** A name that the service knows, a number, or `any`, in lower case. @throws Refusal 400 */
export const protocol = (value: unknown): string => {
  const word = String(value).toLowerCase();
  const isNumber = /^\d+$/.test(word) && Number(word) <= PROTOCOL_MAX;
  if (Object.hasOwn(PROTOCOLS, word) || word === "any" || isNumber) return word;
  const known = Object.keys(PROTOCOLS).map((name) => `'${name}'`);
  throw invalid(
    "SecurityGroupRuleInvalidProtocol",
    `Security group rule protocol ${word} not supported. Only protocol values [None, ${known.join(", ")}] and integer representations [0 to 255] are supported.`,
  );
};

/** @throws Refusal 400 */
export const portNumber = (value: unknown): number => {
  const port = value === "" || typeof value === "boolean" ? Number.NaN : Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= PORT_MAX) return port;
  throw invalid("SecurityGroupInvalidPortValue", `Invalid value for port ${String(value)}`);
};

const ETHERTYPES = ["IPv4", "IPv6"] as const;

/** Whatever the case. @throws Refusal 400 */
export const ethertype = (value: unknown): (typeof ETHERTYPES)[number] => {
  const known = ETHERTYPES.find((each) => each.toLowerCase() === String(value).toLowerCase());
  if (known !== undefined) return known;
  throw invalid(
    "SecurityGroupRuleInvalidEtherType",
    `Security group rule for ethertype '${String(value)}' not supported. Allowed values are ['IPv4', 'IPv6'].`,
  );
};

/** The address stays as it was given; only `normalized_cidr` is the network's. @throws Refusal 400 */
export const remotePrefix = (value: unknown): string => {
  const prefix = parsePrefix(value);
  if (prefix === undefined) throw invalid("InvalidCIDR", `Invalid CIDR ${String(value)} given as IP prefix.`);
  return `${addressText(addressValue(String(value).split("/")[0] ?? ""), prefix.version)}/${prefix.bits}`;
};

/** Checks a rule's values against each other. @throws Refusal 400 */
export function checkRule(rule: NewRule): void {
  checkPorts(rule);
  checkVersions(rule);
  if (rule.remoteIpPrefix != null && rule.remoteGroupId != null)
    throw invalid(
      "SecurityGroupMultipleRemoteEntites",
      "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.",
    );
}

function checkPorts({ protocol: name, portMin, portMax }: NewRule): void {
  if (portMin == null && portMax == null) return;
  if (name == null)
    throw invalid("SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.");
  const number = own(PROTOCOLS, name) ?? Number(name);
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
  if (version === "IPv4" && IPV6_ONLY.includes(name ?? ""))
    throw invalid("SecurityGroupEthertypeConflictWithProtocol", `Invalid ethertype ${version} for protocol ${name}.`);
}
