import type { Socket } from "node:net";
import type { DumpDefects, FinishedLog, RestoreDefects } from "../behaviour/services.ts";
import type { Sight } from "../cluster/cluster.ts";
import type { Instance, Kind, User } from "../state.ts";

/** What serves a kind of data service on this machine, as `drydock up` and reports name it. */
export interface EngineIdentity {
  readonly kind: Kind;
  /** Such as `PostgreSQL`, `Valkey`; one of ours has a name of its own. */
  readonly name: string;
  /** Such as `18.4`. */
  readonly version: string;
  /** One of ours, in this process; false for a server program. */
  readonly isEmbedded: boolean;
}

/** A kind that this machine can serve, or why it can't. */
export type ServedKind = EngineIdentity | { readonly kind: Kind; readonly missing: string };

/** What a node is started with. */
export interface NodeOrder {
  readonly instance: Instance;
  /** The folder that is the node's disk, made by `format`. The node's socket and pid file lie in it too. */
  readonly data: string;
  readonly users: ReadonlyMap<string, User>;
  /** What the node is to its group; absent where it has none. */
  readonly member?: MemberOrder;
}

/** What a node of a group is started as. */
export interface MemberOrder {
  readonly index: number;
  /** The node that it is to follow; undefined for a primary. */
  readonly primary: { readonly index: number; readonly data: string } | undefined;
  /** For one of whom commits wait whenever it is the primary. */
  readonly voters: readonly number[];
}

/** What a node says of its part in its group. */
export type MemberSight = Extract<Sight, { readonly is: "primary" | "replica" }>;

/** A node that replicates. What each does may be repeated. */
export interface MemberNode {
  /** Rejects when the node does not answer within `lookMsMax`. */
  look(): Promise<MemberSight>;
  /** Makes it the primary; its commits wait for one of the voters from the first one on. */
  promote(voters: readonly number[]): Promise<void>;
  follow(primary: { readonly index: number; readonly data: string }): Promise<void>;
  waitFor(voters: readonly number[]): Promise<void>;
  /** Keeps what this node, which is yet to come back, will need of the primary's log. */
  expect(index: number): Promise<void>;
  /** Drops what is kept for a node. */
  forget(index: number): Promise<void>;
  /** Writes a copy of all that the node has into the folder `to`, for the node `index`. */
  copyTo(to: string, index: number): Promise<void>;
}

/** A moment to restore: a time, and the folder with the log files that lead to it from the dump. */
export interface RestoreTarget {
  /** ms since the Unix epoch. */
  readonly atMs: number;
  readonly log: string;
}

/** One server at work: the process, or the part of this one, behind one instance. */
export interface LiveNode {
  /** Resolves when it is at work no more, for whatever reason. */
  readonly exited: Promise<void>;
  /** Is it still what the job of its instance asks for? One that is not is started again. */
  suits(instance: Instance): boolean;
  /** A connection that is being opened, as a client at the instance's address has it. */
  dial(): Socket;
  /** Opens the simulator's own session again where it was lost. Rejects when the node does not answer. */
  revive(): Promise<void>;
  /** Makes its users those given: creates them, changes passwords, drops the others and ends their sessions. */
  applyUsers(users: ReadonlyMap<string, User>): Promise<void>;
  /**
   * All its data as of one moment, in chunks that are the reader's own; asking for the next is what lets it go on, and a reader who leaves ends
   * it. What it throws before the first chunk is the reason why there is no dump.
   *
   * @throws DataServiceError DS_NOT_COVERED
   */
  dump(defects: DumpDefects): AsyncIterable<Uint8Array>;
  /**
   * Verifies a dump, ends all sessions of tenants, and puts the data of the dump in the place of all data. Users stay as they are. It touches
   * nothing before it has read the whole dump: the checksum comes at the end (`wire/dump-stream.ts`).
   *
   * @param target a moment after the dump, of engines with a `log`; absent: the dump's own
   * @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP, DS_NOT_RESTORED
   */
  restore(dump: AsyncIterable<Uint8Array>, defects: RestoreDefects, target?: RestoreTarget): Promise<void>;
  /** What was written after a dump, for engines and instances that keep it. */
  readonly log?: FinishedLog | undefined;
  /** Ends all sessions and the server; the data stays in its folder. */
  stop(): Promise<void>;
  /** Ends every process of the server without a word, however it hangs; resolves when none is left. Only of nodes that replicate. */
  kill?(): Promise<void>;
  /** Its part in its group; only of nodes that replicate. */
  readonly member?: MemberNode | undefined;
}

/** What serves one kind of data service: it makes disks, and starts nodes on them. */
export interface LiveEngine {
  readonly kind: Kind;
  /** The roles in which its nodes serve. Clients of an instance in another role are refused with `RoleNotServed`. */
  readonly roles: ReadonlySet<Instance["role"]>;
  /** Do its nodes replicate, so that groups of them can be supervised? Default false. */
  readonly replicates?: boolean;
  /** Do its nodes replicate data alone, so that each is given the users? Default false. */
  readonly hasUsersPerNode?: boolean;
  /** What serves an instance; without one, an instance that asks for no version. @throws LivePlaneError when this machine can't run it */
  readonly identify: (instance?: Instance) => Promise<EngineIdentity>;
  /** Makes now what every node needs, so that the first connection is quicker. @throws LivePlaneError */
  prepare(): Promise<void>;
  /** Makes the folder of a disk that was never used, for the instance that it is attached to. `data` does not exist yet. */
  format(data: string, instance: Instance): Promise<void>;
  /** Starts a node; it resolves when the node serves, with the users of the order and no others. @throws LivePlaneError */
  start(order: NodeOrder): Promise<LiveNode>;
  /**
   * Brings a client to the point from which it speaks encrypted. Instances with a certificate are not served by engines without it.
   *
   * @returns the socket to go on with; undefined where the connection has ended
   */
  readonly encrypt?: (client: Socket, certificate: NonNullable<Instance["tls"]>) => Promise<Socket | undefined>;
  /** Tells a client, in the protocol of the service, why it is not served: `ConnectionFault`, `RoleNotServed`, `LivePlaneError` or any other error. Ends its connection. */
  readonly refuse: (client: Socket, error: unknown) => void;
  /** Ends work that still writes into the plane's folder. Its nodes are stopped already. */
  close(): Promise<void>;
}

/** Makes an engine. `folder` is where the plane keeps its files, made when it is first asked for; what an engine puts there has a name of its own. */
export type EngineMaker = (folder: () => Promise<string>) => LiveEngine;

/** What serves the kind of an engine, or why nothing does. */
export function identifyEngine({ kind, identify }: LiveEngine): Promise<ServedKind> {
  return identify().catch((error: unknown) => ({ kind, missing: String(error).replace(/^\w*Error: /, "") }));
}
