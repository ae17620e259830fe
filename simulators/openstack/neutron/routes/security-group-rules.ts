import { own } from "../../../kernel/index.ts";
import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../common/refusal.ts";
import { fromBig, prefixOf, toBig } from "../behaviour/ip.ts";
import { oneOf, orNull, text, uuid } from "../wire/attributes.ts";
import { conflict, type Fields, type Neutron, touch } from "../wire/wire.ts";
import { addRule, defaultGroup, groupOf, type NewRule, ruleView } from "./security-groups.ts";
import { count } from "./quotas.ts";
import { type Resource, withCommon } from "./resource.ts";
import type { RuleRow } from "../state/state.ts";

const invalid = (type: string, message: string): Refusal => new Refusal(400, type, message);

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

const protocol = (value: unknown): string => {
  const word = String(value).toLowerCase();
  const isNumber = /^\d+$/.test(word) && Number(word) <= 255;
  if (Object.hasOwn(PROTOCOLS, word) || word === "any" || isNumber) return word;
  const known = Object.keys(PROTOCOLS).map((name) => `'${name}'`);
  throw invalid(
    "SecurityGroupRuleInvalidProtocol",
    `Security group rule protocol ${word} not supported. Only protocol values [None, ${known.join(", ")}] and integer representations [0 to 255] are supported.`,
  );
};

const portNumber = (value: unknown): number => {
  const port = value === "" || typeof value === "boolean" ? Number.NaN : Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw invalid("SecurityGroupInvalidPortValue", `Invalid value for port ${String(value)}`);
};

const ETHERTYPES = ["IPv4", "IPv6"] as const;
const ethertype = (value: unknown): string => {
  const known = ETHERTYPES.find((each) => each.toLowerCase() === String(value).toLowerCase());
  if (known !== undefined) return known;
  throw invalid(
    "SecurityGroupRuleInvalidEtherType",
    `Security group rule for ethertype '${String(value)}' not supported. Allowed values are ['IPv4', 'IPv6'].`,
  );
};

const prefix = (value: unknown): string => {
  const found = prefixOf(value);
  if (found === undefined) throw invalid("InvalidCIDR", `Invalid CIDR ${String(value)} given as IP prefix.`);
  // The address is kept as it was given; only the normalised one is the network's.
  return `${fromBig(toBig(String(value).split("/")[0] ?? ""), found.version)}/${found.bits}`;
};

/** @throws Refusal 400 */
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

/** Type and code lie in the fields of the ports. @throws Refusal 400 */
function checkIcmp(type: number | null, code: number | null): void {
  for (const [value, field, attribute] of [
    [type, "type", "port_range_min"],
    [code, "code", "port_range_max"],
  ] as const)
    if (value !== null && value > 255)
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

/** @throws Refusal 400 */
function checkVersions({ ethertype: version, protocol: name, remoteIpPrefix }: NewRule): void {
  if (remoteIpPrefix != null && remoteIpPrefix.includes(":") !== (version === "IPv6"))
    throw invalid(
      "SecurityGroupRuleParameterConflict",
      `Conflicting value ethertype ${version} for CIDR ${remoteIpPrefix}`,
    );
  if (version === "IPv4" && IPV6_ONLY.includes(name ?? ""))
    throw invalid("SecurityGroupEthertypeConflictWithProtocol", `Invalid ethertype ${version} for protocol ${name}.`);
}

function wantedOf(fields: Fields): NewRule {
  const given = fields.protocol as string | null | undefined;
  return {
    direction: fields.direction as NewRule["direction"],
    ethertype: (fields.ethertype as NewRule["ethertype"] | undefined) ?? "IPv4",
    protocol: given === "any" ? null : (given ?? null),
    portMin: (fields.port_range_min as number | null | undefined) ?? null,
    portMax: (fields.port_range_max as number | null | undefined) ?? null,
    remoteIpPrefix: (fields.remote_ip_prefix as string | null | undefined) ?? null,
    remoteGroupId: (fields.remote_group_id as string | null | undefined) ?? null,
    description: (fields.description as string | undefined) ?? "",
  };
}

const same = (a: NewRule, b: RuleRow): boolean =>
  (["direction", "ethertype", "protocol", "portMin", "portMax", "remoteGroupId"] as const).every(
    (name) => (a[name] ?? null) === b[name],
  ) && prefixOf(a.remoteIpPrefix)?.text === prefixOf(b.remoteIpPrefix)?.text;

function create(neutron: Neutron, actor: Actor, _projectId: string, fields: Fields): RuleRow {
  const wanted = wantedOf(fields);
  checkPorts(wanted);
  checkVersions(wanted);
  if (wanted.remoteIpPrefix != null && wanted.remoteGroupId != null)
    throw invalid(
      "SecurityGroupMultipleRemoteEntites",
      "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.",
    );
  if (wanted.remoteGroupId != null) groupOf(neutron, actor, wanted.remoteGroupId);
  const group = groupOf(neutron, actor, String(fields.security_group_id));
  const known = group.rules.find((rule) => same(wanted, rule));
  if (known !== undefined)
    throw conflict("SecurityGroupRuleExists", `Security group rule already exists. Rule id is ${known.id}.`);
  const rule = addRule(neutron, group, wanted);
  touch(neutron, group);
  neutron.cloud.kernel.record("neutron", "security-group-rule.create", rule.id, {
    group: group.id,
    direction: rule.direction,
    remote: rule.remoteIpPrefix ?? rule.remoteGroupId,
    portMin: rule.portMin,
    portMax: rule.portMax,
  });
  return rule;
}

export const RULES: Resource<RuleRow> = {
  name: "security_group_rule",
  collection: "security_group_rules",
  path: "security-group-rules",
  kind: "SecurityGroupRule",
  quota: "security_group_rule",
  clients: ["openstack"],
  isCore: false,
  isBulk: true,
  attributes: withCommon({
    security_group_id: { isRequired: true, put: false, convert: uuid },
    direction: { isRequired: true, put: false, convert: oneOf(["ingress", "egress"]) },
    ethertype: { put: false, convert: ethertype },
    protocol: { put: false, convert: orNull(protocol) },
    port_range_min: { put: false, convert: orNull(portNumber) },
    port_range_max: { put: false, convert: orNull(portNumber) },
    remote_group_id: { put: false },
    remote_address_group_id: { put: false },
    remote_ip_prefix: { put: false, convert: orNull(prefix) },
    normalized_cidr: { post: false, put: false },
    description: { convert: text() },
    // It has no tags, though it has the other common attributes.
    tags: { post: false, put: false, isFilter: false },
  }),
  rows: (neutron, { actor, query }) => {
    const { groups } = neutron.slot.value;
    if (actor.projectId !== "") defaultGroup(neutron, actor.projectId);
    const wanted = query.getAll("security_group_id");
    const some = wanted.length === 0 ? [...groups.values()] : wanted.flatMap((id) => groups.get(id) ?? []);
    return some.flatMap(({ rules }) => rules);
  },
  find: ({ slot }, id) =>
    slot.value.groups.get(slot.value.groupByRule.get(id) ?? "")?.rules.find((rule) => rule.id === id),
  // Of a rule that exists this API says something else than of one that doesn't.
  unseen: () => new Refusal(404, "HTTPNotFound", "The resource could not be found."),
  view: (_neutron, _actor, rule) => ruleView(rule),
  create,
  remove: (neutron, _actor, rule) => {
    const { groups, groupByRule } = neutron.slot.value;
    const group = groups.get(rule.groupId);
    groupByRule.delete(rule.id);
    count(neutron, rule.projectId, "security_group_rule", -1);
    if (group === undefined) return;
    group.rules = group.rules.filter((each) => each.id !== rule.id);
    touch(neutron, group);
    neutron.cloud.kernel.record("neutron", "security-group-rule.delete", rule.id, { group: group.id });
  },
};
