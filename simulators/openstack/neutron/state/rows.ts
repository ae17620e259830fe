import type { SharedAction, SharedName } from "./sharing.ts";

/** The record of changes that every object of Neutron's database has. Times are ms since the Unix epoch. */
export interface Revisioned {
  createdMs: number;
  updatedMs: number;
  /** Grows with each change; what `If-Match: revision_number=…` is compared with. */
  revision: number;
}

/** The attributes that all resources have ("standard attributes"). */
export interface ResourceRow extends Revisioned {
  readonly id: string;
  readonly projectId: string;
  description: string;
  tags: readonly string[];
}

/** A network. */
export interface NetworkRow extends ResourceRow {
  name: string;
  adminStateUp: boolean;
  external: boolean;
  isDefault: boolean;
  portSecurity: boolean;
  mtu: number;
  dnsDomain: string;
  /** Its segments, in order of creation: usually one. */
  readonly segments: string[];
  /** The availability zones that a client suggests, among those that the agents serve. */
  readonly zoneHints: readonly string[];
  readonly subnets: string[];
}

/** A range from which a subnet allocates addresses, both ends included. */
export interface AllocationPool {
  readonly start: string;
  readonly end: string;
}

/** A static route of a router, or one that a subnet announces to its hosts. */
export interface HostRoute {
  readonly destination: string;
  readonly nexthop: string;
}

/** A subnet. */
export interface SubnetRow extends ResourceRow {
  readonly networkId: string;
  name: string;
  readonly version: 4 | 6;
  readonly cidr: string;
  subnetpoolId: string | null;
  gatewayIp: string | null;
  enableDhcp: boolean;
  dnsNameservers: readonly string[];
  hostRoutes: readonly HostRoute[];
  serviceTypes: readonly string[];
  segmentId: string | null;
  readonly raMode: string | null;
  readonly addressMode: string | null;
  pools: readonly AllocationPool[];
  /** No address of the pools before this index is free; allocation resumes here. */
  lowestFree: number;
}

/** A subnet pool, from whose prefixes subnets are cut. */
export interface SubnetpoolRow extends ResourceRow {
  name: string;
  prefixes: readonly string[];
  readonly version: 4 | 6;
  defaultPrefixlen: number;
  minPrefixlen: number;
  maxPrefixlen: number;
  isDefault: boolean;
  /** How much of it one project may have: addresses of IPv4, networks of 64 bits of IPv6. */
  defaultQuota: number | null;
  addressScopeId: string | null;
}

/** An address that a port holds. */
export interface FixedIp {
  readonly subnetId: string;
  readonly ip: string;
}

/** A source address that a port may use beside its own. */
export interface AddressPair {
  readonly mac_address: string;
  readonly ip_address: string;
}

/** A port. */
export interface PortRow extends ResourceRow {
  readonly networkId: string;
  name: string;
  mac: string;
  adminStateUp: boolean;
  status: "ACTIVE" | "DOWN";
  deviceId: string;
  deviceOwner: string;
  hostId: string;
  vnicType: string;
  /** Nova's information for the network's drivers. */
  profile: Readonly<Record<string, unknown>>;
  readonly deviceProfile: string | null;
  numaPolicy: string | null;
  /** `none`: it was created without an address. */
  ipAllocation: "immediate" | "none";
  portSecurity: boolean;
  groups: readonly string[];
  fixedIps: readonly FixedIp[];
  addressPairs: readonly AddressPair[];
  dhcpOptions: readonly unknown[];
}

/** A rule of a security group. */
export interface SecurityGroupRuleRow extends ResourceRow {
  readonly groupId: string;
  readonly direction: "ingress" | "egress";
  readonly ethertype: "IPv4" | "IPv6";
  readonly protocol: string | null;
  readonly portMin: number | null;
  readonly portMax: number | null;
  readonly remoteIpPrefix: string | null;
  readonly remoteGroupId: string | null;
  readonly remoteAddressGroupId: string | null;
  /** Whether it came with the group; its description is then null on the wire. */
  readonly isInitial: boolean;
  /** Number of the rule in the database's table of standard attributes. */
  readonly attrId: number;
}

/** A security group. */
export interface SecurityGroupRow extends ResourceRow {
  name: string;
  stateful: boolean;
  rules: readonly SecurityGroupRuleRow[];
}

/** A router. */
export interface RouterRow extends ResourceRow {
  name: string;
  adminStateUp: boolean;
  /** Shown to administrators; has no effect here. */
  distributed: boolean;
  /** Shown to administrators; has no effect here. */
  ha: boolean;
  readonly zoneHints: readonly string[];
  gatewayNetworkId: string | null;
  gatewayPortId: string | null;
  enableSnat: boolean;
  routes: readonly HostRoute[];
}

/** A floating IP. */
export interface FloatingIpRow extends ResourceRow {
  readonly networkId: string;
  readonly address: string;
  /** The port on the external network that holds the address. */
  readonly ownPortId: string;
  /** The port that the address is associated with. */
  portId: string | null;
  fixedIp: string | null;
  routerId: string | null;
  dnsName: string;
  dnsDomain: string;
}

/** An address scope, in which no two subnet pools overlap. */
export interface AddressScopeRow extends ResourceRow {
  name: string;
  readonly version: 4 | 6;
}

/** An address group, which the rules of security groups name. */
export interface AddressGroupRow extends ResourceRow {
  name: string;
  addresses: readonly string[];
}

/** An RBAC policy: lets another project use an object. */
export interface RbacPolicyRow {
  readonly id: string;
  readonly projectId: string;
  readonly objectType: SharedName;
  readonly objectId: string;
  readonly action: SharedAction;
  target: string;
}
