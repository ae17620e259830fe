/** What Neutron knows. Times are ms since the Unix epoch. */
export interface NeutronState {
  readonly networks: Map<string, NetworkRow>;
  readonly subnets: Map<string, SubnetRow>;
  readonly subnetpools: Map<string, SubnetpoolRow>;
  readonly ports: Map<string, PortRow>;
  readonly groups: Map<string, GroupRow>;
  /** Rule → its group. */
  readonly groupByRule: Map<string, string>;
  readonly routers: Map<string, RouterRow>;
  readonly floatingIps: Map<string, FloatingIpRow>;
  /** Floating addresses that point at a port. */
  readonly floatingByPort: Map<string, string[]>;
  readonly rbac: Map<string, RbacRow>;
  /** Ports by device, by fixed address, and the default group of each project. */
  readonly portsByDevice: Map<string, string[]>;
  readonly portByAddress: Map<string, string>;
  readonly defaultGroups: Map<string, string>;
  readonly quotas: Map<string, Readonly<Record<string, number>>>;
  /** `project/resource` → how many there are. */
  readonly counts: Map<string, number>;
  networksMade: number;
}

export const newState = (): NeutronState => ({
  networks: new Map(),
  subnets: new Map(),
  subnetpools: new Map(),
  ports: new Map(),
  groups: new Map(),
  groupByRule: new Map(),
  routers: new Map(),
  floatingIps: new Map(),
  floatingByPort: new Map(),
  rbac: new Map(),
  portsByDevice: new Map(),
  portByAddress: new Map(),
  defaultGroups: new Map(),
  quotas: new Map(),
  counts: new Map(),
  networksMade: 0,
});

export interface Dated {
  createdMs: number;
  updatedMs: number;
  revision: number;
}

/** What every resource is. */
export interface Row extends Dated {
  readonly id: string;
  readonly projectId: string;
  description: string;
  tags: readonly string[];
}

export interface NetworkRow extends Row {
  name: string;
  adminStateUp: boolean;
  shared: boolean;
  external: boolean;
  isDefault: boolean;
  portSecurity: boolean;
  mtu: number;
  dnsDomain: string;
  readonly networkType: string;
  readonly physicalNetwork: string | null;
  readonly segmentationId: number | null;
  readonly subnets: string[];
}

export interface Pool {
  readonly start: string;
  readonly end: string;
}

export interface Route {
  readonly destination: string;
  readonly nexthop: string;
}

export interface SubnetRow extends Row {
  readonly networkId: string;
  name: string;
  readonly version: 4 | 6;
  readonly cidr: string;
  readonly subnetpoolId: string | null;
  gatewayIp: string | null;
  enableDhcp: boolean;
  dnsNameservers: readonly string[];
  hostRoutes: readonly Route[];
  serviceTypes: readonly string[];
  readonly raMode: string | null;
  readonly addressMode: string | null;
  pools: readonly Pool[];
  /** Addresses of the pools, counted from the first, below which none is free: allocation goes on from here. */
  lowestFree: number;
}

export interface SubnetpoolRow extends Row {
  name: string;
  prefixes: readonly string[];
  readonly version: 4 | 6;
  defaultPrefixlen: number;
  minPrefixlen: number;
  maxPrefixlen: number;
  isDefault: boolean;
  readonly shared: boolean;
  defaultQuota: number | null;
}

export interface FixedIp {
  readonly subnetId: string;
  readonly ip: string;
}

export interface AddressPair {
  readonly mac_address: string;
  readonly ip_address: string;
}

export interface PortRow extends Row {
  readonly networkId: string;
  name: string;
  mac: string;
  adminStateUp: boolean;
  status: "ACTIVE" | "DOWN";
  deviceId: string;
  deviceOwner: string;
  hostId: string;
  vnicType: string;
  portSecurity: boolean;
  groups: readonly string[];
  fixedIps: readonly FixedIp[];
  addressPairs: readonly AddressPair[];
  dhcpOptions: readonly object[];
}

export interface RuleRow extends Row {
  readonly groupId: string;
  readonly direction: "ingress" | "egress";
  readonly ethertype: "IPv4" | "IPv6";
  readonly protocol: string | null;
  readonly portMin: number | null;
  readonly portMax: number | null;
  readonly remoteIpPrefix: string | null;
  readonly remoteGroupId: string | null;
  /** One of those that a group is made with; its description is null on the wire. */
  readonly isInitial: boolean;
  /** Counts rules. */
  readonly attrId: number;
}

export interface GroupRow extends Row {
  name: string;
  stateful: boolean;
  rules: readonly RuleRow[];
}

export interface RouterRow extends Row {
  name: string;
  adminStateUp: boolean;
  /** Would run on each host: shown to administrators, and nothing more. */
  distributed: boolean;
  gatewayNetworkId: string | null;
  gatewayPortId: string | null;
  enableSnat: boolean;
  routes: readonly Route[];
}

export interface FloatingIpRow extends Row {
  readonly networkId: string;
  readonly address: string;
  readonly ownPortId: string;
  portId: string | null;
  fixedIp: string | null;
  routerId: string | null;
  dnsName: string;
  dnsDomain: string;
}

export interface RbacRow {
  readonly id: string;
  readonly projectId: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly action: string;
  target: string;
}
