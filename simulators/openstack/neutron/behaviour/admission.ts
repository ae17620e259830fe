import { own } from "../../../kernel/index.ts";
import { prefixRange, within } from "./ip.ts";
import type { Neutron } from "../wire/wire.ts";
import type { GroupRow, PortRow, RuleRow } from "../state/state.ts";

const PROTOCOLS: Readonly<Record<string, string>> = { "6": "tcp", "17": "udp", "1": "icmp" };

function coversPort({ protocol, portMin, portMax }: RuleRow, wanted: string, port: number): boolean {
  if (protocol === null) return true;
  if ((own(PROTOCOLS, protocol) ?? protocol) !== wanted) return false;
  return (portMin === null || port >= portMin) && (portMax === null || port <= portMax);
}

function isMember(neutron: Neutron, groupId: string, source: string, networkIds: Iterable<string>): boolean {
  const { portByAddress, ports } = neutron.slot.value;
  for (const networkId of networkIds) {
    const port = ports.get(portByAddress.get(`${networkId}/${source}`) ?? "");
    if (port?.groups.includes(groupId)) return true;
  }
  return false;
}

function coversSource(neutron: Neutron, rule: RuleRow, source: string): boolean {
  if (rule.remoteGroupId !== null)
    return isMember(neutron, rule.remoteGroupId, source, neutron.slot.value.networks.keys());
  if (rule.remoteIpPrefix === null) return true;
  const range = prefixRange(rule.remoteIpPrefix);
  return range !== undefined && within(range, source);
}

/** The port that owns an address, whatever its network. */
export function portAt(neutron: Neutron, address: string): PortRow | undefined {
  const { networks, portByAddress, ports } = neutron.slot.value;
  for (const networkId of networks.keys()) {
    const id = portByAddress.get(`${networkId}/${address}`);
    if (id !== undefined) return ports.get(id);
  }
  return undefined;
}

/**
 * Do the security groups of the port that owns `address` let `source` connect to `port`? Rules only allow, so without one the
 * answer is no; a port without port security is open, one without a running machine is closed. An address that no port owns is not Neutron's to guard: `undefined`.
 */
export function admitted(
  neutron: Neutron,
  source: string,
  address: string,
  port: number,
  protocol: "tcp" | "udp" = "tcp",
): boolean | undefined {
  const owner = portAt(neutron, address);
  if (owner === undefined) return undefined;
  if (owner.status !== "ACTIVE") return false;
  if (!owner.portSecurity) return true;
  const groups = owner.groups.flatMap((id): GroupRow | readonly GroupRow[] => neutron.slot.value.groups.get(id) ?? []);
  return groups.some(({ rules }) =>
    rules.some(
      (rule) =>
        rule.direction === "ingress" &&
        rule.ethertype === "IPv4" &&
        coversPort(rule, protocol, port) &&
        coversSource(neutron, rule, source),
    ),
  );
}
