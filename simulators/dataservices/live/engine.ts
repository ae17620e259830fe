import type { Socket } from "node:net";
import type { DumpDefects, FinishedLog, RestoreDefects } from "../behaviour/services.ts";
import type { Sight } from "../cluster/cluster.ts";
import type { Instance, Kind, User } from "../state.ts";

/** The server for a kind of data service on this machine, as `drydock up` and reports name it. */
export interface EngineIdentity {
  readonly kind: Kind;
  /** Such as `PostgreSQL`, `Valkey`; our own engines have their own names. */
  readonly name: string;
  /** Such as `18.4`. */
  readonly version: string;
  /** Whether it is our own, in this process; false for a server program. */
  readonly isEmbedded: boolean;
}

/** The server for a kind, or the reason why this machine has none. */
export type ServedKind = EngineIdentity | { readonly kind: Kind; readonly missing: string };

/** The arguments with which a node is started. */
export interface NodeOrder {
  readonly instance: Instance;
  /** The folder that is the node's disk, made by `format`. It also holds the node's socket and pid file. */
  readonly data: string;
  readonly users: ReadonlyMap<string, User>;
  /** The node's role in its group; absent if it has none. */
  readonly member?: MemberOrder;
}

/** The role in which a node of a group is started. */
export interface MemberOrder {
  readonly index: number;
  /** The node that it should follow; undefined for a primary. */
  readonly primary: { readonly index: number; readonly data: string } | undefined;
  /** Commits wait for one of these whenever it is the primary. */
  readonly voters: readonly number[];
}

/** A node's report about its role in its group. */
export type MemberSight = Extract<Sight, { readonly is: "primary" | "replica" }>;

/** A node that replicates. Each call may be repeated. */
export interface MemberNode {
  /** Rejects if the node does not answer within `lookMsMax`. */
  look(): Promise<MemberSight>;
  /** Makes it the primary; its commits wait for one of the voters from the first one on. */
  promote(voters: readonly number[]): Promise<void>;
  follow(primary: { readonly index: number; readonly data: string }): Promise<void>;
  waitFor(voters: readonly number[]): Promise<void>;
  /** Retains the part of the primary's log that this absent node will need when it comes back. */
  expect(index: number): Promise<void>;
  /** Drops what is retained for a node. */
  forget(index: number): Promise<void>;
  /** Writes a copy of everything that the node has into the folder `to`, for the node `index`. */
  copyTo(to: string, index: number): Promise<void>;
}

/** A moment to restore: a time, and the folder with the log files that lead to it from the dump. */
export interface RestoreTarget {
  /** ms since the Unix epoch. */
  readonly atMs: number;
  readonly log: string;
}

/** One running server: the process, or the part of this one, behind one instance. */
export interface LiveNode {
  /** Resolves when it no longer runs, for whatever reason. */
  readonly exited: Promise<void>;
  /** Whether it still matches the job of its instance. If not, it is restarted. */
  suits(instance: Instance): boolean;
  /** A new connection, as a client at the instance's address would open it. */
  dial(): Socket;
  /** Reopens the simulator's own session if it was lost. Rejects if the node does not answer. */
  revive(): Promise<void>;
  /** Makes its users match the given ones: creates them, changes passwords, drops the others and ends their sessions. */
  applyUsers(users: ReadonlyMap<string, User>): Promise<void>;
  /**
   * All its data as of one moment, in chunks that the reader may keep. Requests for the next chunk drive it,
   * and a reader that leaves ends it. An error before the first chunk is the reason why there is no dump.
   *
   * @throws DataServiceError DS_NOT_COVERED
   */
  dump(defects: DumpDefects): AsyncIterable<Uint8Array>;
  /**
   * Verifies a dump, ends all sessions of tenants, and replaces all data with those of the dump. Users stay as they are. It touches
   * nothing before it has read the whole dump: the checksum comes at the end (`wire/dump-stream.ts`).
   *
   * @param target a moment after the dump, of engines with a `log`; absent: the dump's own
   * @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP, DS_NOT_RESTORED
   */
  restore(dump: AsyncIterable<Uint8Array>, defects: RestoreDefects, target?: RestoreTarget): Promise<void>;
  /** The log of the writes after a dump, for engines and instances that keep one. */
  readonly log?: FinishedLog | undefined;
  /** Ends all sessions and the server; the data stays in its folder. */
  stop(): Promise<void>;
  /** Ends every process of the server abruptly, even if it hangs; resolves when none is left. Only for nodes that replicate. */
  kill?(): Promise<void>;
  /** Its role in its group; only for nodes that replicate. */
  readonly member?: MemberNode | undefined;
}

/** The server for one kind of data service: it formats disks, and starts nodes on them. */
export interface LiveEngine {
  readonly kind: Kind;
  /** The roles in which its nodes serve. Clients of an instance in another role are refused with `RoleNotServed`. */
  readonly roles: ReadonlySet<Instance["role"]>;
  /** Whether its nodes replicate, so that groups of them can be supervised. Default: false. */
  readonly replicates?: boolean;
  /** Whether its nodes replicate only data, so that each must be given the users. Default: false. */
  readonly hasUsersPerNode?: boolean;
  /**
   * The program that serves an instance; without an argument, an instance that asks for no version.
   * @throws LivePlaneError when this machine can't run it
   */
  readonly identify: (instance?: Instance) => Promise<EngineIdentity>;
  /** Prepares what every node needs, so that the first connection is quicker. @throws LivePlaneError */
  prepare(): Promise<void>;
  /** Creates the folder of a new disk for the instance to which it is attached. `data` does not exist yet. */
  format(data: string, instance: Instance): Promise<void>;
  /** Starts a node; resolves when the node serves, with the given users and no others. @throws LivePlaneError */
  start(order: NodeOrder): Promise<LiveNode>;
  /**
   * Performs a client's TLS handshake. Engines without it do not serve instances with a certificate.
   *
   * @returns the socket to continue with; undefined if the connection has ended
   */
  readonly encrypt?: (client: Socket, certificate: NonNullable<Instance["tls"]>) => Promise<Socket | undefined>;
  /**
   * Tells a client, in the protocol of the service, why it is not served: `ConnectionFault`, `RoleNotServed`, `LivePlaneError` or any other error.
   * Ends its connection.
   */
  readonly refuse: (client: Socket, error: unknown) => void;
  /** Ends work that still writes into the plane's folder. Its nodes have already stopped. */
  close(): Promise<void>;
}

/**
 * Creates an engine. `folder` is where the plane keeps its files, created on first use; an engine uses its
 * own names there. `secret` is what the passwords of the simulator's own roles derive from if disks outlive
 * the process; without one they are random.
 */
export type EngineMaker = (folder: () => Promise<string>, secret?: string) => LiveEngine;

/** The server for an engine's kind, or the reason why there is none. */
export function identifyEngine({ kind, identify }: LiveEngine): Promise<ServedKind> {
  return identify().catch((error: unknown) => ({ kind, missing: String(error).replace(/^\w*Error: /, "") }));
}
