import type { Kernel, Slot } from "../kernel/index.ts";
import type { Content, Mutation } from "./behaviour/content.ts";
import type { Cluster } from "./cluster/cluster.ts";

/** The existing kinds of data services. */
export const KINDS = ["postgresql", "redis", "mongodb"] as const;
/** One of `KINDS`; also the name of its job and of its instance group. */
export type Kind = (typeof KINDS)[number];

/** The login that the agent asks for. It knows only the SHA-256 of the password, as hexadecimal digits. */
interface AgentLogin {
  readonly username: string;
  readonly passwordSha256: string;
}

/** A user of one instance. The password is kept as a verifier only. */
export interface User {
  readonly username: string;
  readonly database: string;
  /** In the form that servers of the kind accept instead of a password, see `wire/verifier.ts`. */
  readonly verifier: string;
}

/**
 * The server of a node. `unfenced` is the harm of a planted defect: it should have been ended before another was promoted, and counts as ended, but
 * still serves. On the live plane the real servers say what they are.
 */
type ServerState = "up" | "promoting" | "stopped" | "cloning" | "unfenced";

/** The process of a data service on one VM. */
export interface Instance {
  readonly kind: Kind;
  readonly address: string;
  readonly port: number;
  readonly deployment: string;
  readonly index: number;
  /** The state of its server; the group's view of it is in the group's `Cluster`. */
  readonly role: "primary" | "replica";
  readonly server: ServerState;
  /** Index of the node that a replica follows. */
  readonly follows: number | null;
  /** Indexes of the nodes for one of which a primary's commits wait; empty: they do not wait. */
  readonly waitsFor: readonly number[];
  readonly database: string;
  /** The persistent disk that holds users and data. */
  readonly disk: string;
  readonly agent: AgentLogin & { readonly port: number };
  /** Its TLS identity, in PEM; then it speaks only TLS. Undefined: it does not encrypt. */
  readonly tls:
    | {
        readonly certificate: string;
        readonly privateKey: string;
        /** The authority of the certificate, which clients trust. */
        readonly ca?: string;
        /** The names of the group's nodes, by index, if the job gives them: the names in their certificates, by which nodes refer to each other. */
        readonly names?: readonly string[];
      }
    | undefined;
  /** Custom parameters of the job, as the manifest gives them. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly state: "running" | "failing";
}

/** A persistent disk with its users and data, which outlives a VM. */
export interface Disk {
  readonly id: string;
  readonly users: Map<string, User>;
  content: Content;
  /** The number of changes that it holds: the length of its history. */
  position: number;
  /** It never belonged to a primary and was never a copy of one. */
  isBlank: boolean;
  /** Names of finished restores, latest last, so that a repeated request finds its restore done. */
  restored: readonly string[];
}

/** The record of a group of nodes. */
export interface Group {
  cluster: Cluster;
  /** The disk that each node had last, by index. */
  readonly disks: Map<number, string>;
  /** When the group lost its primary; undefined while it has one. */
  lostAtMs: number | undefined;
  /** How long it was last without a primary, in ms. */
  lastGapMs: number | undefined;
  /** Whether a look at it is due. */
  isWatched: boolean;
}

/** A session of the virtual data plane. */
export interface OpenSession {
  readonly id: number;
  readonly address: string;
  readonly source: string;
  readonly username: string;
}

/** Plain data throughout: what a snapshot captures. */
export interface DataServicesState {
  /** By address of the VM: one data service per VM. */
  readonly instances: Map<string, Instance>;
  /** The addresses of a group by deployment and kind, `d71da55a/postgresql`. */
  readonly groups: Map<string, readonly string[]>;
  /** The record of each supervised group, by the same key. */
  readonly clusters: Map<string, Group>;
  /** Changes on the way to a replica, by its address, oldest first. */
  readonly inFlight: Map<string, readonly Mutation[]>;
  readonly disks: Map<string, Disk>;
  /** Sessions of the virtual data plane, by address of the VM and id. */
  readonly sessions: Map<string, Map<number, OpenSession>>;
  lastSession: number;
}

/** The key of an instance in `groups`. */
export const groupOf = (instance: Pick<Instance, "deployment" | "kind">): string =>
  `${instance.deployment}/${instance.kind}`;

/** The initial state of a world without data services. */
export function createState(kernel: Kernel): Slot<DataServicesState> {
  return kernel.slot<DataServicesState>("dataservices", {
    instances: new Map(),
    groups: new Map(),
    clusters: new Map(),
    inFlight: new Map(),
    disks: new Map(),
    sessions: new Map(),
    lastSession: 0,
  });
}
