import type { Actor } from "./identity.ts";

/** A port as Nova needs it. */
export interface PortView {
  readonly id: string;
  readonly networkId: string;
  readonly networkName: string;
  readonly projectId: string;
  readonly mac: string;
  /** ACTIVE or DOWN. */
  readonly status: string;
  readonly deviceId: string;
  readonly fixedIps: readonly { readonly subnetId: string; readonly ip: string; readonly version: 4 | 6 }[];
  /** Floating addresses, each with its fixed address. */
  readonly floatingIps: readonly { readonly ip: string; readonly fixedIp: string }[];
  /** Names of its security groups, in order. */
  readonly securityGroups: readonly string[];
}

/** A network as Nova needs it. */
export interface NetworkView {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly external: boolean;
  readonly shared: boolean;
  readonly subnets: readonly string[];
  readonly portSecurity: boolean;
}

/** A security group as Nova's old routes show it. */
export interface SecurityGroupView {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly rules: readonly {
    readonly id: string;
    readonly direction: "ingress" | "egress";
    readonly protocol: string | null;
    readonly portMin: number | null;
    readonly portMax: number | null;
    readonly remoteIpPrefix: string | null;
    /** Name of the group whose members it lets in. */
    readonly remoteGroup: string | null;
  }[];
}

/** A port that Nova wants for a server. */
export interface PortRequest {
  readonly projectId: string;
  readonly networkId: string;
  readonly fixedIp?: string;
  /** The subnet from which its address comes. */
  readonly subnetId?: string;
  /** Addresses of other subnets beside the first one. */
  readonly more?: readonly { readonly subnetId: string; readonly ip?: string }[];
  readonly name?: string;
  /** Ids; left out: the project's default group. */
  readonly securityGroupIds?: readonly string[];
  readonly deviceId: string;
  readonly deviceOwner: string;
  readonly hostId: string;
}

/** A floating address as Nova and Designate see it. */
export interface FloatingIpView {
  readonly id: string;
  readonly ip: string;
  /** Name of its network. */
  readonly network: string;
  readonly fixedIp: string | null;
  /** Empty where it has no association. */
  readonly deviceId: string;
}

/**
 * The changes that Nova's old routes (up to 2.35) make in Neutron for their clients. Each throws `Refusal` as
 * Neutron's own API would.
 */
export interface ProxiedOps {
  createGroup(actor: Actor, group: { readonly name: string; readonly description: string }): SecurityGroupView;
  updateGroup(
    actor: Actor,
    id: string,
    group: { readonly name: string; readonly description: string },
  ): SecurityGroupView;
  deleteGroup(actor: Actor, id: string): void;
  /** Adds a rule for incoming traffic; returns its id and the group with it. */
  createRule(
    actor: Actor,
    rule: {
      readonly groupId: string;
      readonly protocol: string | null;
      readonly portMin: number | null;
      readonly portMax: number | null;
      readonly cidr: string | null;
      readonly remoteGroupId: string | null;
    },
  ): { readonly id: string; readonly group: SecurityGroupView };
  deleteRule(actor: Actor, id: string): void;
  allocate(actor: Actor, networkId: string): FloatingIpView;
  release(actor: Actor, id: string): void;
}

/** Neutron's operations for Nova (and for Designate, about a floating address). */
export interface PortOps {
  readonly proxied: ProxiedOps;
  /** A network that the actor may see. */
  network(actor: Actor, networkId: string): NetworkView | undefined;
  /** A subnet that the actor may see. */
  subnet(actor: Actor, subnetId: string): { readonly id: string; readonly networkId: string } | undefined;
  /** Networks a server is put on when it names none: the project's own, else shared ones, without external ones. */
  networksFor(actor: Actor): readonly NetworkView[];
  /** By id or name, among those of the actor's project. @throws Refusal 409 when a name is not unique */
  securityGroup(actor: Actor, nameOrId: string): { readonly id: string; readonly name: string } | undefined;
  securityGroups(actor: Actor): readonly SecurityGroupView[];
  port(portId: string): PortView | undefined;
  /** Ids of the port's groups. */
  groupIdsOf(portId: string): readonly string[];
  /** The port that has this address on this network. */
  portAt(networkId: string, ip: string): PortView | undefined;
  /** Networks of floating addresses that the actor may use. */
  externalNetworks(actor: Actor): readonly NetworkView[];
  /** The actor's floating addresses. */
  floatingIps(actor: Actor): readonly FloatingIpView[];
  /** Ports whose device_id is this, in order of creation. Indexed. */
  portsOf(deviceId: string): readonly PortView[];
  /** How many ports the project may still create (Infinity: no limit). */
  portsLeft(projectId: string): number;
  /** Creates, binds and activates a port for a server. @throws Refusal as POST /ports */
  create(actor: Actor, request: PortRequest): PortView;
  /** Gives an existing port to a server. @throws Refusal */
  bind(portId: string, to: { readonly deviceId: string; readonly deviceOwner: string; readonly hostId: string }): void;
  /** Releases it again: DOWN, no device. Does nothing if it is gone. */
  unbind(portId: string): void;
  /** Deletes it and dissociates its floating addresses. Does nothing if it is gone. */
  remove(portId: string): void;
  /** Replaces its addresses; one without `ip` is chosen from its subnet. @throws Refusal */
  setFixedIps(portId: string, wanted: readonly { readonly subnetId: string; readonly ip?: string }[]): void;
  setSecurityGroups(portId: string, groupIds: readonly string[]): void;
  /** Floating addresses by address (any project's for an admin), for Nova's old proxy actions. @throws Refusal */
  associateFloatingIp(actor: Actor, address: string, portId: string | null, fixedIp?: string): void;
}
