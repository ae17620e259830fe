import type { PortRow, SecurityGroupRuleRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { isInRange, parseIpv4Range } from "./ip.ts";
import { protocolNumber } from "./protocols.ts";

/** Transport protocols that connections of this cloud use. */
type Transport = "tcp" | "udp";

function coversPort({ protocol, portMin, portMax }: SecurityGroupRuleRow, transport: Transport, port: number): boolean {
  if (protocol === null) return true;
  if (protocolNumber(protocol) !== protocolNumber(transport)) return false;
  return (portMin === null || port >= portMin) && (portMax === null || port <= portMax);
}

/** Whether a port with this address, on whatever network, carries the group. */
function isMember({ slot }: Neutron, groupId: string, address: string): boolean {
  const { networks, portByAddress, ports } = slot.value;
  for (const networkId of networks.keys()) {
    const port = ports.get(portByAddress.get(`${networkId}/${address}`) ?? "");
    if (port?.groups.includes(groupId)) return true;
  }
  return false;
}

function coversSource(neutron: Neutron, rule: SecurityGroupRuleRow, source: string): boolean {
  if (rule.remoteGroupId !== null) return isMember(neutron, rule.remoteGroupId, source);
  const isIn = (prefix: string): boolean => {
    const range = parseIpv4Range(prefix);
    return range !== undefined && isInRange(range, source);
  };
  if (rule.remoteAddressGroupId !== null)
    return neutron.slot.value.addressGroups.get(rule.remoteAddressGroupId)?.addresses.some(isIn) ?? false;
  return rule.remoteIpPrefix === null || isIn(rule.remoteIpPrefix);
}

/** The port that holds an address, whatever its network. */
function findPortByAddress({ slot }: Neutron, address: string): PortRow | undefined {
  const { networks, portByAddress, ports } = slot.value;
  for (const networkId of networks.keys()) {
    const id = portByAddress.get(`${networkId}/${address}`);
    if (id !== undefined) return ports.get(id);
  }
  return undefined;
}

/**
 * Whether the security groups of the port that holds `address` let `source` connect to `port`. Rules only allow, so without one the
 * answer is no. A port without port security is open, one without a running server closed. `undefined`: no port holds the
 * address, so it is not Neutron's to guard.
 */
export function admits(
  neutron: Neutron,
  source: string,
  address: string,
  port: number,
  transport: Transport = "tcp",
): boolean | undefined {
  const holder = findPortByAddress(neutron, address);
  if (holder === undefined) return undefined;
  if (holder.status !== "ACTIVE") return false;
  if (!holder.portSecurity) return true;
  const rules = holder.groups.flatMap((id) => neutron.slot.value.groups.get(id)?.rules ?? []);
  return rules.some(
    (rule) =>
      rule.direction === "ingress" &&
      rule.ethertype === "IPv4" &&
      coversPort(rule, transport, port) &&
      coversSource(neutron, rule, source),
  );
}
