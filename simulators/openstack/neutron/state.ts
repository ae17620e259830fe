/** What Neutron knows. Times are ms since the Unix epoch. */
export interface NeutronState {
  readonly networks: Map<string, NetworkRow>;
  readonly subnets: Map<string, SubnetRow>;
  readonly ports: Map<string, PortRow>;
  readonly groups: Map<string, GroupRow>;
  readonly routers: Map<string, RouterRow>;
  readonly floatingIps: Map<string, FloatingIpRow>;
  /** Ports by device, by fixed address, and the default group of each project. */
  readonly portsByDevice: Map<string, string[]>;
  readonly portByAddress: Map<string, string>;
  readonly defaultGroups: Map<string, string>;
  readonly quotas: Map<string, Record<string, number>>;
}

export const newState = (): NeutronState => ({
  networks: new Map(),
  subnets: new Map(),
  ports: new Map(),
  groups: new Map(),
  routers: new Map(),
  floatingIps: new Map(),
  portsByDevice: new Map(),
  portByAddress: new Map(),
  defaultGroups: new Map(),
  quotas: new Map(),
});

export interface Dated {
  createdMs: number;
  updatedMs: number;
  revision: number;
}

export interface NetworkRow extends Dated {
  readonly id: string;
  readonly projectId: string;
  name: string;
  description: string;
  adminStateUp: boolean;
  shared: boolean;
  external: boolean;
  portSecurity: boolean;
  readonly segmentationId: number;
  readonly subnets: string[];
}

export interface SubnetRow extends Dated {
  readonly id: string;
  readonly networkId: string;
  readonly projectId: string;
  name: string;
  description: string;
  readonly cidr: string;
  gatewayIp: string | null;
  enableDhcp: boolean;
  dnsNameservers: readonly string[];
  /** First and last address of each pool, as numbers. */
  readonly pools: readonly (readonly [number, number])[];
  /** No address below is free: allocation goes on from here. */
  lowestFree: number;
}

export interface PortRow extends Dated {
  readonly id: string;
  readonly networkId: string;
  readonly projectId: string;
  name: string;
  readonly mac: string;
  adminStateUp: boolean;
  status: "ACTIVE" | "DOWN";
  deviceId: string;
  deviceOwner: string;
  hostId: string;
  portSecurity: boolean;
  groups: readonly string[];
  fixedIps: readonly { readonly subnetId: string; readonly ip: string }[];
}

export interface RuleRow extends Dated {
  readonly id: string;
  readonly groupId: string;
  readonly projectId: string;
  readonly direction: "ingress" | "egress";
  readonly ethertype: "IPv4" | "IPv6";
  readonly protocol: string | null;
  readonly portMin: number | null;
  readonly portMax: number | null;
  readonly remoteIpPrefix: string | null;
  readonly remoteGroupId: string | null;
  readonly description: string;
}

export interface GroupRow extends Dated {
  readonly id: string;
  readonly projectId: string;
  name: string;
  description: string;
  rules: readonly RuleRow[];
}

export interface RouterRow extends Dated {
  readonly id: string;
  readonly projectId: string;
  name: string;
  adminStateUp: boolean;
  gatewayNetworkId: string | null;
}

export interface FloatingIpRow extends Dated {
  readonly id: string;
  readonly projectId: string;
  readonly networkId: string;
  readonly address: string;
  readonly ownPortId: string;
  portId: string | null;
  fixedIp: string | null;
  routerId: string | null;
}
