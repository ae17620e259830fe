import {
  type AddressPlan,
  BROKER_PORT,
  CONSUL_DNS_PORT,
  CONSUL_HTTP_PORT,
  DIRECTOR_PORT,
  UAA_PORT,
} from "../../simulators/addresses.ts";

/** Who may connect: the VMs whose ports have a security group, or the addresses of operators or of applications. */
type Peer = { readonly group: GroupName } | "operators" | "applications";

/** A port of a job, over TCP unless `protocol` says otherwise, and who needs it. */
export interface Opening {
  readonly port: number;
  readonly protocol?: "tcp" | "udp";
  readonly from: readonly Peer[];
}

const IN_MANAGEMENT: Peer = { group: "management" };
const CONTROL_PLANES: Peer = { group: "control-plane" };

/**
 * The platform's security groups. Each opens the ports of a job to those who need them; none admits a whole network.
 *
 * `management` and `service-instances` open nothing: they only say what a VM is. Data guard decides what is open at a service instance, with a
 * group of the instance's own (broker/guard). BOSH agents need no rule, because they call the director and not the other way round.
 */
export const SECURITY_GROUPS = {
  management: [],
  "service-instances": [],
  director: [
    { port: DIRECTOR_PORT, from: ["operators", CONTROL_PLANES] },
    { port: UAA_PORT, from: ["operators", CONTROL_PLANES] },
  ],
  consul: [
    { port: CONSUL_DNS_PORT, from: ["applications", IN_MANAGEMENT, { group: "service-instances" }] },
    { port: CONSUL_DNS_PORT, protocol: "udp", from: ["applications", IN_MANAGEMENT, { group: "service-instances" }] },
    { port: CONSUL_HTTP_PORT, from: ["operators", CONTROL_PLANES] },
  ],
  "a9s-pg": [{ port: 5432, from: [CONTROL_PLANES, { group: "a9s-pg" }] }],
  "control-plane": [{ port: BROKER_PORT, from: ["operators"] }],
} as const satisfies Readonly<Record<string, readonly Opening[]>>;

/** The name of one of the platform's security groups. */
export type GroupName = "management" | "service-instances" | "director" | "consul" | "a9s-pg" | "control-plane";

/** VM extensions of the cloud config. Each adds the security group of its name to the VMs of an instance group. */
export const EXTENSIONS = ["consul", "a9s-pg", "control-plane"] as const satisfies readonly GroupName[];
/** The name of a VM extension of the cloud config. */
export type Extension = (typeof EXTENSIONS)[number];

/** The security groups of VMs with an extension. They replace those of the network (bosh.io/docs/openstack-cpi). */
export const groupsOf = (extension: Extension): readonly GroupName[] => ["management", extension];

/**
 * The addresses, as CIDRs, from which people connect: that of applications, on this machine; for operators also two addresses of the management
 * network that the director assigns to no VM, for a control plane that runs as a process (broker/README.md).
 */
export function addressesOf(
  peer: "operators" | "applications",
  { applications, block }: AddressPlan,
): readonly string[] {
  return peer === "applications" ? [`${applications}/32`] : [`${applications}/32`, `${block}.0.8/31`];
}
