import { randomBytes } from "node:crypto";
import { ObjectId } from "bson";
import type { Principal } from "../auth/roles.ts";
import { type ManagedUser, Users } from "../auth/users.ts";
import { loadImage, readImage } from "../storage/image.ts";
import { Log } from "../storage/log.ts";
import { Store } from "../storage/store.ts";
import type { Document } from "../values/value.ts";
import { Cursors } from "./cursors.ts";
import { FailPoints } from "./fail-points.ts";
import { aloneAt, type Membership } from "./membership.ts";
import { Oplog } from "./oplog.ts";
import { Sessions } from "./sessions.ts";

/** The limits of a server; each may be set. */
export interface ServerLimits {
  /** Connections at once (`maxIncomingConnections`). */
  readonly connectionsMax: number;
  readonly cursorsMax: number;
  readonly cursorIdleMsMax: number;
  readonly sessionsMax: number;
  readonly sessionIdleMsMax: number;
  /** The time that a transaction may take (`transactionLifetimeLimitSeconds`). */
  readonly transactionMsMax: number;
  /** How often expired documents are removed (`ttlMonitorSleepSecs`). */
  readonly ttlMsMax: number;
  /** How often commits are made safe against a crash of the machine (`journalCommitInterval`). */
  readonly syncMsMax: number;
  /** Bytes of all files; writes are refused beyond. */
  readonly diskBytesMax: number;
  readonly logBytesMax: number;
}

/** The defaults: the server's own, if it has one. */
export const SERVER_LIMITS: ServerLimits = {
  connectionsMax: 1000,
  cursorsMax: 10_000,
  cursorIdleMsMax: 600_000,
  sessionsMax: 10_000,
  sessionIdleMsMax: 1_800_000,
  transactionMsMax: 60_000,
  ttlMsMax: 60_000,
  syncMsMax: 100,
  diskBytesMax: Number.POSITIVE_INFINITY,
  logBytesMax: 64 * 1024 * 1024,
};

/** The options with which a server is opened. */
export interface ServerOptions {
  /** The folder of its data; without it they are only in memory. */
  readonly folder?: string;
  /** The address and port at which clients reach it. */
  readonly address: string;
  /** The name of its replica set: of one member, so that sessions have transactions. */
  readonly setName: string;
  /** Whether clients must log in. There is no exception for the first one. */
  readonly requiresLogin: boolean;
  /** Users of the platform. */
  readonly users?: readonly ManagedUser[];
  readonly limits?: Partial<ServerLimits>;
  /** ms since 1970. */
  readonly now: () => number;
  /** Called with our own errors. Default: they are dropped; the client sees InternalError. */
  readonly onDefect?: (error: unknown) => void;
  /** Commands for tests: fail points. Like mongod's parameter `enableTestCommands`. */
  readonly hasTestCommands?: boolean;
}

/** A connected client, as commands see it. */
export interface Client {
  readonly id: number;
  /** The logged-in user, if any. */
  principal: Principal | undefined;
  /** Ends the connection. */
  close(): void;
}

/** One server: its data, users, sessions and cursors, without any socket. */
export class Server {
  readonly options: ServerOptions;
  readonly limits: ServerLimits;
  readonly store: Store;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly cursors: Cursors;
  readonly oplog = new Oplog();
  readonly clients = new Set<Client>();
  readonly startedMs: number;
  electionId: ObjectId;
  membership: Membership;
  /** The number of commands received, by name. */
  readonly counts = new Map<string, number>();
  readonly failPoints = new FailPoints();
  connectionsMade = 0;
  readonly #log: Log | undefined;

  /** @throws ServerError InternalError if the files of the folder are damaged */
  constructor(options: ServerOptions) {
    this.options = options;
    this.limits = { ...SERVER_LIMITS, ...options.limits };
    this.startedMs = options.now();
    this.store = new Store(options.now);
    this.users = new Users(this.store.catalog, randomBytes(32));
    this.users.manage(options.users ?? []);
    this.sessions = new Sessions(this.store, this.limits);
    this.cursors = new Cursors(this.limits, () => randomBytes(8).readBigInt64LE() & 0x7fffffffffffffffn);
    this.#log = options.folder === undefined ? undefined : this.#openLog(options.folder);
    this.electionId = new ObjectId();
    this.membership = aloneAt(options.address);
    // Earlier commits are in the files, but not remembered one by one.
    this.oplog.clear(this.store.time);
    this.store.follow((entry) => this.oplog.add(entry));
  }

  #openLog(folder: string): Log {
    const { store, sessions } = this;
    const { logBytesMax, diskBytesMax } = this.limits;
    return Log.open({
      folder,
      store,
      marks: () => sessions.marks,
      onMarks: (marks) => sessions.remember(marks, this.now),
      logBytesMax,
      diskBytesMax,
    });
  }

  get now(): number {
    return this.options.now();
  }

  /** Bytes of the files. */
  get diskBytes(): number {
    return this.#log?.bytes ?? 0;
  }

  /** Makes commits safe against a crash of the machine. */
  async sync(): Promise<void> {
    await this.#log?.sync();
  }

  /** Periodic work: removes what has expired, and keeps the log short. */
  tidy(): void {
    this.sessions.expire(this.now);
    this.cursors.expire(this.now);
    this.#log?.tidy();
  }

  /** Replaces the users that the platform gave before with these. Users that are gone, or have another password, are disconnected. */
  applyUsers(users: readonly ManagedUser[]): void {
    const before = new Map([...this.clients].map((client) => [client, this.#credentialOf(client)]));
    this.users.manage(users);
    for (const [client, credential] of before)
      if (client.principal !== undefined && credential !== this.#credentialOf(client)) this.disconnect(client);
  }

  #credentialOf({ principal }: Client): string | undefined {
    if (principal === undefined || this.users.find(principal.db, principal.user) === undefined) return undefined;
    return this.users.lookup(principal.db)(principal.user, "SCRAM-SHA-256").credential.storedKey;
  }

  /** Ends the connections, sessions and cursors of a user. */
  endUser(database: string, user: string): void {
    for (const client of this.clients)
      if (client.principal?.db === database && client.principal.user === user) this.disconnect(client);
    const key = `${database}.${user}`;
    this.sessions.endWhere((id) => id.endsWith(`/${key}`));
    this.cursors.closeWhere((cursor) => cursor.user === key);
  }

  disconnect(client: Client): void {
    const { principal } = client;
    client.close();
    if (principal === undefined) return;
    const key = `${principal.db}.${principal.user}`;
    if (this.users.find(principal.db, principal.user) === undefined) {
      this.sessions.endWhere((id) => id.endsWith(`/${key}`));
      this.cursors.closeWhere((cursor) => cursor.user === key);
    }
  }

  /** Replaces all data with those of an image; users stay. Connections and what they had open end, unless `keepsClients`. */
  restore(documents: readonly Document[], keepsClients = false): void {
    const image = readImage(documents);
    // An image that can't be loaded is found out before anything is touched.
    loadImage(new Store(this.options.now), image, false);
    this.sessions.endWhere(() => true);
    this.cursors.closeWhere(() => true);
    // A client that has not logged in has no session that could end: drivers monitor a server through such connections.
    if (!keepsClients) for (const client of this.clients) if (client.principal !== undefined) client.close();
    const { version } = this.store;
    const time = this.store.nextTime();
    loadImage(this.store, image, false);
    this.store.version = Math.max(version, image.at) + 1;
    this.store.time = time;
    this.oplog.clear(time);
    this.#log?.compact();
  }

  /** Ends all connections; commits are in the files, as an image if it `folds` them. */
  close(folds = true): void {
    for (const client of this.clients) client.close();
    this.sessions.endWhere(() => true);
    if (folds) this.#log?.compact();
    this.#log?.close();
  }
}
