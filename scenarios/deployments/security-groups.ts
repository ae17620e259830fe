import {
  type AddressPlan,
  BROKER_PORT,
  CONSUL_DNS_PORT,
  CONSUL_HTTP_PORT,
  DIRECTOR_PORT,
  UAA_PORT,
} from "../../simulators/addresses.ts";

/** Who may connect: the ports that carry a group, or where operators and applications are. */
export type Peer = { readonly group: GroupName } | "operators" | "applications";

/** One port of a job, and who needs it. */
export interface Opening {
  readonly port: number;
  readonly protocol?: "tcp" | "udp";
  readonly from: readonly Peer[];
}

const IN_MANAGEMENT: Peer = { group: "management" };
const CONTROL_PLANES: Peer = { group: "control-plane" };

/**
 * The platform's security groups. Each names the port that a job needs and who needs it; none lets in a network.
 *
 * `management` and `service-instances` open nothing: they say what a VM is. What is open at an instance is data guard's to say, in a group of
 * the instance's own (broker/guard). Agents of BOSH need no rule: it is they who call the director.
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

export type GroupName = "management" | "service-instances" | "director" | "consul" | "a9s-pg" | "control-plane";

/** What a job of the platform's own asks for beside its network's group: the names of its VM's groups. */
export const EXTENSIONS = ["consul", "a9s-pg", "control-plane"] as const satisfies readonly GroupName[];
export type Extension = (typeof EXTENSIONS)[number];

/** A VM's own groups take the place of its network's (bosh.io/docs/openstack-cpi). */
export const groupsOf = (extension: Extension): readonly GroupName[] => ["management", extension];

/**
 * Where people are: this machine, at the address of applications; and two addresses of the management network that the director does not give
 * away, for a control plane that somebody runs as a process (broker/README.md).
 */
export function addressesOf(
  peer: "operators" | "applications",
  { applications, block }: AddressPlan,
): readonly string[] {
  return peer === "applications" ? [`${applications}/32`] : [`${applications}/32`, `${block}.0.8/31`];
}
