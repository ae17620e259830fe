import type { Kernel, Slot } from "../kernel/index.ts";
import type { Content, Mutation } from "./behaviour/content.ts";
import type { Cluster } from "./cluster/cluster.ts";

/** The data services that there are. */
export const KINDS = ["postgresql", "redis", "mongodb"] as const;
/** One of `KINDS`; also the name of its job and of its instance group. */
export type Kind = (typeof KINDS)[number];

/** What the agent asks for: of the password it knows the SHA-256 alone, as hexadecimal digits. */
interface AgentLogin {
  readonly username: string;
  readonly passwordSha256: string;
}

/** A user of one instance. The password is kept as a verifier only. */
export interface User {
  readonly username: string;
  readonly database: string;
  /** In the form that servers of the kind take in place of a password, see `wire/verifier.ts`. */
  readonly verifier: string;
}

/**
 * The server of a node. `unfenced` is the harm of a planted defect: it was to be ended before another was promoted, counts as ended, and
 * serves on. On the live plane the real servers say what they are.
 */
type ServerState = "up" | "promoting" | "stopped" | "cloning" | "unfenced";

/** The process of a data service on one VM. */
export interface Instance {
  readonly kind: Kind;
  readonly address: string;
  readonly port: number;
  readonly deployment: string;
  readonly index: number;
  /** What its server is; what its group takes it for is in the group's `Cluster`. */
  readonly role: "primary" | "replica";
  readonly server: ServerState;
  /** Index of the node that a replica follows. */
  readonly follows: number | null;
  /** Indexes of the nodes for one of which a primary's commits wait; none: for nobody. */
  readonly waitsFor: readonly number[];
  readonly database: string;
  /** The persistent disk that holds users and data. */
  readonly disk: string;
  readonly agent: AgentLogin & { readonly port: number };
  /** With what it speaks TLS, and then nothing else; undefined: it speaks in the clear. PEM. */
  readonly tls:
    | {
        readonly certificate: string;
        readonly privateKey: string;
        /** The names of the group's nodes, by index, where the job gives them: what a node calls itself and the others, as certificates do. */
        readonly names?: readonly string[];
      }
    | undefined;
  /** Custom parameters of the job, as the manifest gives them. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly state: "running" | "failing";
}

/** What outlives a VM: a persistent disk with the users and the data on it. */
export interface Disk {
  readonly id: string;
  readonly users: Map<string, User>;
  content: Content;
  /** How many changes it holds: how far its history goes. */
  position: number;
  /** It was never a primary's and never a copy of one. */
  isBlank: boolean;
  /** Names of restores that were done, the latest last: asked for once more, they are done already. */
  restored: readonly string[];
}

/** A group of nodes and what is known of it. */
export interface Group {
  cluster: Cluster;
  /** The disk that each node had last, by index. */
  readonly disks: Map<number, string>;
  /** When the group lost its primary; undefined while it has one. */
  lostAtMs: number | undefined;
  /** How long it was without a primary the last time, ms. */
  lastGapMs: number | undefined;
  /** Is a look at it due? */
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
  /** What is known of each group that is supervised, by the same key. */
  readonly clusters: Map<string, Group>;
  /** Changes that are on their way to a replica, by its address, the first first. */
  readonly inFlight: Map<string, readonly Mutation[]>;
  readonly disks: Map<string, Disk>;
  /** Sessions of the virtual data plane, by address of the VM and id. */
  readonly sessions: Map<string, Map<number, OpenSession>>;
  lastSession: number;
}

/** The key of an instance in `groups`. */
export const groupOf = (instance: Pick<Instance, "deployment" | "kind">): string =>
  `${instance.deployment}/${instance.kind}`;

/** The state of a world without data services. */
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
