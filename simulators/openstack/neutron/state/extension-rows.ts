import type { ResourceRow } from "./rows.ts";

/*
 * What extensions of Neutron add besides networks, ports, routers and security groups.
 */

/** A port that carries the traffic of a network within a trunk. */
export interface Subport {
  readonly port_id: string;
  readonly segmentation_type: string;
  readonly segmentation_id: number;
}

/** A trunk: one port of a server that carries several networks. */
export interface TrunkRow extends ResourceRow {
  name: string;
  adminStateUp: boolean;
  readonly portId: string;
  subports: readonly Subport[];
}

/** A rule of a QoS policy: its kind, and what it limits. */
export interface QosRuleRow {
  readonly id: string;
  readonly type: "bandwidth_limit" | "dscp_marking" | "minimum_bandwidth";
  /** `max_kbps`, `max_burst_kbps`, `min_kbps`, `dscp_mark`, `direction`, as the API names them. */
  values: Readonly<Record<string, unknown>>;
}

/** A QoS policy. */
export interface QosPolicyRow extends ResourceRow {
  name: string;
  isDefault: boolean;
  rules: readonly QosRuleRow[];
}

/** One port of a floating IP that leads to one port of a server. */
export interface PortForwardingRow {
  readonly id: string;
  readonly floatingIpId: string;
  protocol: string;
  externalPort: number;
  internalPort: number;
  internalPortId: string;
  internalIp: string;
  description: string;
}

/** A metering label: traffic that is counted together. */
export interface MeteringLabelRow extends ResourceRow {
  readonly name: string;
  readonly shared: boolean;
}

/** Which traffic belongs to a label. */
export interface MeteringRuleRow extends ResourceRow {
  readonly labelId: string;
  readonly direction: string;
  readonly remotePrefix: string | null;
  readonly sourcePrefix: string | null;
  readonly destinationPrefix: string | null;
  readonly excluded: boolean;
}

/**
 * A segment, which carries a network: one wire, tunnel or VLAN. An ordinary network has one, a multi-provider
 * or routed one several.
 */
export interface SegmentRow extends ResourceRow {
  readonly networkId: string;
  name: string | null;
  /** Whether anybody has given it a description, even an empty one. */
  isDescribed: boolean;
  readonly networkType: string;
  readonly physicalNetwork: string | null;
  segmentationId: number | null;
}

/** A flavor of network services: a name for the profiles with which a provider may build one. */
export interface ServiceFlavorRow extends ResourceRow {
  name: string;
  readonly serviceType: string;
  enabled: boolean;
  profiles: readonly string[];
}

/** How a provider builds a network service. */
export interface ServiceProfileRow extends ResourceRow {
  driver: string;
  metainfo: string;
  enabled: boolean;
}

/** All of these, by id. */
export interface ExtensionState {
  readonly trunks: Map<string, TrunkRow>;
  /** Port → the trunk of which it is the parent or a part. */
  readonly trunkByPort: Map<string, string>;
  readonly qosPolicies: Map<string, QosPolicyRow>;
  /** Network, port or floating IP → its policy. */
  readonly qosPolicyOf: Map<string, string>;
  readonly forwardings: Map<string, PortForwardingRow>;
  readonly segments: Map<string, SegmentRow>;
  readonly serviceFlavors: Map<string, ServiceFlavorRow>;
  readonly serviceProfiles: Map<string, ServiceProfileRow>;
  readonly meteringLabels: Map<string, MeteringLabelRow>;
  readonly meteringRules: Map<string, MeteringRuleRow>;
  /** `l3 ROUTER` or `dhcp NETWORK` → the hosts of its agents, where an administrator has chosen them. */
  readonly scheduled: Map<string, readonly string[]>;
  /** Agent → what an administrator has changed of it. */
  readonly agentChanges: Map<string, { readonly isUp: boolean; readonly description: string | null }>;
}

/** The state in which nothing exists. */
export const newExtensionState = (): ExtensionState => ({
  trunks: new Map(),
  trunkByPort: new Map(),
  qosPolicies: new Map(),
  qosPolicyOf: new Map(),
  forwardings: new Map(),
  segments: new Map(),
  serviceFlavors: new Map(),
  serviceProfiles: new Map(),
  meteringLabels: new Map(),
  meteringRules: new Map(),
  scheduled: new Map(),
  agentChanges: new Map(),
});
