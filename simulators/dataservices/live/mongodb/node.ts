import { connect, createServer, type Server as Listener, type Socket } from "node:net";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { hearErrors } from "../../../kernel/edge/connections.ts";
import type { DumpDefects, RestoreDefects } from "../../behaviour/services.ts";
import type { Instance, User } from "../../state.ts";
import { openStream, sealStream } from "../../wire/dump-stream.ts";
import { DataServiceError } from "../../wire/errors.ts";
import type { LiveNode, MemberOrder, NodeOrder } from "../engine.ts";
import { type ManagedUser, credentialOfVerifier } from "./auth/users.ts";
import { serve } from "./connection.ts";
import { expireDocuments } from "./server/expire.ts";
import { Server, SERVER_LIMITS, type ServerLimits } from "./server/server.ts";
import { DATA, type Members, ReplicaMember } from "./replica.ts";
import { frameOf, FrameReader } from "./storage/frames.ts";
import { imageOf, withoutTail } from "./storage/image.ts";
import { renamedTo } from "./storage/renamed.ts";
import { ServerError } from "./wire/errors.ts";

/** A dump of the embedded engine, after its first line: frames of an image of the data. */
const ENGINE = "mongodb";
const SOCKET = "socket";
const TIDY_MS = 1000;

/**
 * The rights of a binding's user: reading and writing the documents, collections and indexes of its database,
 * and nothing else.
 */
const TENANT_ROLES = ["readWrite", "dbAdmin"] as const;

/** The users of a disk, as the server knows them. */
const managedUsers = (users: ReadonlyMap<string, User>): readonly ManagedUser[] =>
  [...users.values()].map(({ username, database, verifier }) => ({
    user: username,
    db: database,
    roles: TENANT_ROLES.map((role) => ({ role, db: database })),
    credential: credentialOfVerifier(verifier),
  }));

/** Properties of the job that are limits: `maxIncomingConnections`, `disk_bytes`, `ttl_monitor_sleep_secs`, `transaction_lifetime_limit_seconds`. */
function limitsOf({ parameters }: Instance): Partial<ServerLimits> {
  const number = (name: string, scale = 1): number | undefined => {
    const value = Number(parameters[name]);
    return parameters[name] !== undefined && Number.isFinite(value) && value > 0 ? value * scale : undefined;
  };
  const given = {
    connectionsMax: number("maxIncomingConnections"),
    diskBytesMax: number("disk_bytes"),
    ttlMsMax: number("ttl_monitor_sleep_secs", 1000),
    transactionMsMax: number("transaction_lifetime_limit_seconds", 1000),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Starts the embedded engine on a disk; clients reach it by a socket in the disk's folder. */
export async function startNode(order: NodeOrder, members: Members): Promise<LiveNode> {
  const { instance, data, users } = order;
  const { address, port, deployment } = instance;
  const limits = limitsOf(instance);
  const server = new Server({
    folder: join(data, DATA),
    // A driver continues with the names that it is given, and verifies certificates against them.
    address: `${instance.tls?.names?.[instance.index] ?? address}:${port}`,
    setName: deployment,
    requiresLogin: true,
    users: managedUsers(users),
    limits,
    now: Date.now,
  });
  const path = join(data, SOCKET);
  await rm(path, { force: true });
  const listener = createServer((socket) => serve(server, socket));
  hearErrors(listener);
  listener.listen(path);
  await once(listener, "listening");
  const member = new ReplicaMember(server, order.member ?? ALONE, data, members);
  return new Node({ server, listener, member, path, instance, limits });
}

/** The membership of a node that may get replicas later. */
const ALONE: MemberOrder = { index: 0, primary: undefined, voters: [] };

/** The parts of a node. */
interface Parts {
  readonly server: Server;
  readonly listener: Listener;
  readonly member: ReplicaMember;
  readonly path: string;
  readonly instance: Instance;
  readonly limits: Partial<ServerLimits>;
}

class Node implements LiveNode {
  readonly exited: Promise<void>;
  readonly member: ReplicaMember;
  readonly #parts: Parts;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #end: () => void;
  #finished: Promise<void> | undefined;

  constructor(parts: Parts) {
    const { server, member, limits } = parts;
    this.#parts = parts;
    this.member = member;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.exited = promise;
    this.#end = resolve;
    const { ttlMsMax, syncMsMax } = { ...SERVER_LIMITS, ...limits };
    this.#timers = [
      setInterval(() => this.member.isPrimary && expireDocuments(server.store, server.now), ttlMsMax),
      setInterval(() => server.tidy(), TIDY_MS),
      // A disk that can't be written is noticed at the next commit.
      setInterval(() => void server.sync().catch(() => {}), syncMsMax),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  suits(instance: Instance): boolean {
    const { address, port, deployment } = this.#parts.instance;
    const isSamePlace = instance.address === address && instance.port === port && instance.deployment === deployment;
    return isSamePlace && isDeepStrictEqual(limitsOf(instance), this.#parts.limits);
  }

  dial(): Socket {
    return connect(this.#parts.path);
  }

  async revive(): Promise<void> {}

  async applyUsers(users: ReadonlyMap<string, User>): Promise<void> {
    this.#parts.server.applyUsers(managedUsers(users));
  }

  dump(defects: DumpDefects): AsyncIterable<Uint8Array> {
    return sealStream(ENGINE, this.#frames(defects));
  }

  async *#frames({ isTorn, isShort }: DumpDefects): AsyncGenerator<Uint8Array> {
    refuseDefects({ "dump torn-snapshot": isTorn });
    const image = imageOf(this.#parts.server.store);
    for (const document of isShort ? withoutTail([...image]) : image) yield frameOf(document);
  }

  async restore(
    dump: AsyncIterable<Uint8Array>,
    { isAppending, isTrusting, keepsSessions }: RestoreDefects,
  ): Promise<void> {
    refuseDefects({ "restore append": isAppending });
    const frames = new FrameReader();
    for await (const chunk of openStream(ENGINE, dump, isTrusting)) frames.push(chunk);
    try {
      const documents = renamedTo(frames.documents, this.#parts.instance.database);
      this.#parts.server.restore(documents, keepsSessions);
    } catch (error) {
      if (error instanceof ServerError) throw new DataServiceError("DS_NOT_RESTORED", error.codeName);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#finish(true);
  }

  /** Ends like a killed process: nothing is folded, and nothing is waited for. */
  async kill(): Promise<void> {
    await this.#finish(false);
  }

  #finish(folds: boolean): Promise<void> {
    this.#finished ??= this.#close(folds);
    return this.#finished;
  }

  async #close(folds: boolean): Promise<void> {
    const { server, listener, member } = this.#parts;
    for (const timer of this.#timers) clearInterval(timer);
    member.close();
    const closed = once(listener, "close");
    listener.close();
    server.close(folds);
    await closed;
    this.#end();
  }
}

/** A defect without an effect would let a suite believe that it had been present. @throws DataServiceError DS_NOT_SIMULATED */
function refuseDefects(planted: Readonly<Record<string, boolean>>): void {
  const [defect] = Object.entries(planted).find(([, isPlanted]) => isPlanted) ?? [];
  if (defect !== undefined)
    throw new DataServiceError("DS_NOT_SIMULATED", `the defect ${defect} of the embedded document engine`);
}
