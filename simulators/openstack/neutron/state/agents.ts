import type { Neutron } from "./state.ts";

/** An agent that reports to Neutron. */
export interface Agent {
  readonly id: string;
  readonly type: string;
  readonly binary: string;
  readonly topic: string;
  readonly host: string;
  /** Null where it serves no zone of its own. */
  readonly zone: string | null;
}

const NETWORK_AGENTS = [
  ["DHCP agent", "neutron-dhcp-agent", "dhcp_agent"],
  ["L3 agent", "neutron-l3-agent", "l3_agent"],
  ["Metadata agent", "neutron-metadata-agent", "N/A"],
] as const;
const SWITCH_AGENT = ["Open vSwitch agent", "neutron-openvswitch-agent", "N/A"] as const;

/** The same ids in every cloud. */
const idOf = (index: number): string => `6d1f3c52-0d3a-4c39-8b8e-${(0x2f6f0a7c4e01 + index).toString(16)}`;

/** The agents: of a network node in each zone, and of each host that runs servers. A bare control plane has none. */
export function agentsOf({ cloud }: Pick<Neutron, "cloud">): readonly Agent[] {
  if (cloud.profile !== "agents") return [];
  const nodes = cloud.zones.flatMap((zone, at) =>
    [...NETWORK_AGENTS, SWITCH_AGENT].map((kind) => ({ kind, host: `network-${at + 1}`, zone })),
  );
  const hosts = cloud.hosts.map(({ name, zone }) => ({ kind: SWITCH_AGENT, host: name, zone }));
  return [...nodes, ...hosts].map(({ kind: [type, binary, topic], host, zone }, at) => ({
    id: idOf(at),
    type,
    binary,
    topic,
    host,
    zone: topic === "N/A" ? null : zone,
  }));
}
