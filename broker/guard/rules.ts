import { networkOf } from "./cidr.ts";
import type { Group, NewRule, Rule } from "./neutron.ts";

/** Who is admitted: a network, or every port with a security group. */
type Peer = Pick<NewRule, "remote_ip_prefix" | "remote_group_id">;

/** Everybody in an IPv4 network, such as `10.0.0.0/24`. */
export const fromNetwork = (cidr: string): Peer => ({
  remote_ip_prefix: networkOf(cidr) ?? cidr,
  remote_group_id: null,
});

/** Every port with the security group of this id. */
export const fromGroup = (id: string): Peer => ({ remote_ip_prefix: null, remote_group_id: id });

/** The rule that opens one TCP port to a peer. */
export const ingressRule = (port: number, peer: Peer): NewRule => ({
  direction: "ingress",
  ethertype: "IPv4",
  protocol: "tcp",
  port_range_min: port,
  port_range_max: port,
  ...peer,
});

/** Every member counts: a rule that covers the same port for UDP, or together with other ports, is a different rule. */
function isSame(rule: Rule, wanted: NewRule): boolean {
  const prefix = rule.remote_ip_prefix === null ? null : (networkOf(rule.remote_ip_prefix) ?? rule.remote_ip_prefix);
  const { remote_ip_prefix: wantedPrefix, ...rest } = wanted;
  return (
    prefix === wantedPrefix &&
    rule.direction === rest.direction &&
    rule.ethertype === rest.ethertype &&
    rule.protocol === rest.protocol &&
    rule.port_range_min === rest.port_range_min &&
    rule.port_range_max === rest.port_range_max &&
    rule.remote_group_id === rest.remote_group_id
  );
}

/** The wanted rules that a group lacks. */
export const missingRules = ({ security_group_rules: rules }: Group, wanted: readonly NewRule[]): readonly NewRule[] =>
  wanted.filter((each) => !rules.some((rule) => isSame(rule, each)));

/** The unwanted ingress rules of a group. Data guard leaves egress alone. */
export const surplusRules = ({ security_group_rules: rules }: Group, wanted: readonly NewRule[]): readonly Rule[] =>
  rules.filter((rule) => rule.direction === "ingress" && !wanted.some((each) => isSame(rule, each)));
