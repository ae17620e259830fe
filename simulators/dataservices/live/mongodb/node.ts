import { connect, createServer, type Server as Listener, type Socket } from "node:net";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { DumpDefects, RestoreDefects } from "../../behaviour/services.ts";
import type { Instance, User } from "../../state.ts";
import { openStream, sealStream } from "../../wire/dump-stream.ts";
import { DataServiceError } from "../../wire/errors.ts";
import type { LiveNode, NodeOrder } from "../engine.ts";
import { type ManagedUser, credentialOfVerifier } from "./auth/users.ts";
import { serve } from "./connection.ts";
import { expireDocuments } from "./server/expire.ts";
import { Server, SERVER_LIMITS, type ServerLimits } from "./server/server.ts";
import { frameOf, FrameReader } from "./storage/frames.ts";
import { imageOf, withoutTail } from "./storage/image.ts";
import { ServerError } from "./wire/errors.ts";

/** What a dump of the embedded engine holds after its first line: frames of an image of the data. */
const ENGINE = "mongodb";
const SOCKET = "socket";
const DATA = "documents";
const TIDY_MS = 1000;

/** What a binding's user may do: read and write the documents of its database, its collections and indexes, and nothing else. */
const TENANT_ROLES = ["readWrite", "dbAdmin"] as const;

/** The users of a disk as the server knows them. */
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
export async function startNode({ instance, data, users }: NodeOrder): Promise<LiveNode> {
  const { address, port, deployment } = instance;
  const limits = limitsOf(instance);
  const server = new Server({
    folder: join(data, DATA),
    address: `${address}:${port}`,
    setName: deployment,
    requiresLogin: true,
    users: managedUsers(users),
    limits,
    now: Date.now,
  });
  const path = join(data, SOCKET);
  await rm(path, { force: true });
  const listener = createServer((socket) => serve(server, socket));
  listener.listen(path);
  await once(listener, "listening");
  return new Node(server, listener, path, instance, limits);
}

class Node implements LiveNode {
  readonly exited: Promise<void>;
  readonly #server: Server;
  readonly #listener: Listener;
  readonly #path: string;
  readonly #instance: Instance;
  readonly #limits: Partial<ServerLimits>;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #end: () => void;

  constructor(server: Server, listener: Listener, path: string, instance: Instance, limits: Partial<ServerLimits>) {
    this.#server = server;
    this.#listener = listener;
    this.#path = path;
    this.#instance = instance;
    this.#limits = limits;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.exited = promise;
    this.#end = resolve;
    const { ttlMsMax, syncMsMax } = { ...SERVER_LIMITS, ...limits };
    this.#timers = [
      setInterval(() => expireDocuments(server.store, server.now), ttlMsMax),
      setInterval(() => server.tidy(), TIDY_MS),
      // A disk that can't be written to shows with the next commit.
      setInterval(() => void server.sync().catch(() => {}), syncMsMax),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  suits(instance: Instance): boolean {
    const { address, port, deployment } = this.#instance;
    const isSamePlace = instance.address === address && instance.port === port && instance.deployment === deployment;
    return isSamePlace && isDeepStrictEqual(limitsOf(instance), this.#limits);
  }

  dial(): Socket {
    return connect(this.#path);
  }

  async revive(): Promise<void> {}

  async applyUsers(users: ReadonlyMap<string, User>): Promise<void> {
    this.#server.applyUsers(managedUsers(users));
  }

  dump(defects: DumpDefects): AsyncIterable<Uint8Array> {
    return sealStream(ENGINE, this.#frames(defects));
  }

  async *#frames({ isTorn, isShort }: DumpDefects): AsyncGenerator<Uint8Array> {
    refuseDefects({ "dump torn-snapshot": isTorn });
    const image = imageOf(this.#server.store);
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
      this.#server.restore(frames.documents, keepsSessions);
    } catch (error) {
      if (error instanceof ServerError) throw new DataServiceError("DS_NOT_RESTORED", error.codeName);
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const closed = once(this.#listener, "close");
    this.#listener.close();
    this.#server.close();
    await closed;
    this.#end();
  }
}

/** A defect that nobody acts on would let a suite believe that it had been there. @throws DataServiceError DS_NOT_SIMULATED */
function refuseDefects(planted: Readonly<Record<string, boolean>>): void {
  const [defect] = Object.entries(planted).find(([, isPlanted]) => isPlanted) ?? [];
  if (defect !== undefined)
    throw new DataServiceError("DS_NOT_SIMULATED", `the defect ${defect} of the embedded document engine`);
}
