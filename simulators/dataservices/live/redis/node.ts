import { readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import type { DumpDefects, RestoreDefects } from "../../behaviour/services.ts";
import type { Instance, User } from "../../state.ts";
import { openStream, readAll } from "../../wire/dump-stream.ts";
import { DUMP_BYTES_MAX, tooLarge } from "../../wire/dump.ts";
import { DataServiceError } from "../../wire/errors.ts";
import type { LiveNode, MemberOrder, NodeOrder } from "../engine.ts";
import { LivePlaneError } from "../errors.ts";
import { dumpOfBytes } from "./dump.ts";
import { RedisMember } from "./member.ts";
import { Relay } from "./relay.ts";
import { ReplyError } from "./resp/client.ts";
import { AOF_FOLDER, RDB_FILE, Server, type ServerOptions, writeOwned } from "./server.ts";
import { settingsOf } from "./settings.ts";

/** A dump of a Redis or Valkey server, after its first line: an RDB file, as the server writes it. */
const ENGINE = "redis";
const SAVE_MS_MAX = 60_000;
const POLL_MS = 20;
/** The place of the previous data while a restore may still fail. */
const PREVIOUS = "previous";

/** A Redis or Valkey server of the machine, as a node. A restore restarts it in the same folder. */
export async function startServerNode(
  order: NodeOrder,
  common: Omit<ServerOptions, "data" | "settings">,
): Promise<LiveNode> {
  const options = { ...common, data: order.data, settings: settingsOf(order.instance) };
  const relay = order.member === undefined ? undefined : await Relay.open();
  const node = new ServerNode(options, order.users, order.member, relay);
  try {
    await node.member?.begin(order.data);
    await node.start();
    await node.member?.keep();
    return node;
  } catch (error) {
    await node.stop();
    throw error;
  }
}

class ServerNode implements LiveNode {
  readonly exited: Promise<void>;
  readonly member: RedisMember | undefined;
  #relay: Relay | undefined;
  readonly #options: ServerOptions;
  #users: ReadonlyMap<string, User>;
  #server: Server | undefined;
  #end: () => void = () => {};

  constructor(options: ServerOptions, users: ReadonlyMap<string, User>, order?: MemberOrder, relay?: Relay) {
    this.#options = options;
    this.#users = users;
    this.#relay = relay;
    this.member = order && relay && new RedisMember(() => this.#running, order, relay);
    this.exited = new Promise((resolve) => (this.#end = resolve));
  }

  async start(): Promise<void> {
    const member = this.member && this.#relay && { ...this.member.order, relayPort: this.#relay.port };
    const server = await Server.start({ ...this.#options, ...(member && { member }) }, this.#users);
    this.#server = server;
    // While a restore swaps servers, there is none to end.
    void server.exited.then(() => this.#server === server && this.#end());
  }

  get #running(): Server {
    if (this.#server === undefined) throw new LivePlaneError("LIVE_REDIS_START", "a restore is in progress");
    return this.#server;
  }

  suits(instance: Instance): boolean {
    return isDeepStrictEqual(settingsOf(instance), this.#options.settings);
  }

  dial(): ReturnType<Server["dial"]> {
    return this.#running.dial();
  }

  async revive(): Promise<void> {
    await this.#server?.revive();
  }

  async applyUsers(users: ReadonlyMap<string, User>): Promise<void> {
    this.#users = users;
    await this.#running.applyUsers(users);
  }

  /** The save begins after the request, so everything that was acknowledged before it is in the dump. */
  readonly dump = (defects: DumpDefects): AsyncIterable<Uint8Array> =>
    dumpOfBytes(ENGINE, () => this.#dumpBytes(defects));

  async #dumpBytes({ isTorn, isShort }: DumpDefects): Promise<Uint8Array> {
    refuseDefects({ "dump torn-snapshot": isTorn, "dump lost-tail": isShort });
    const server = this.#running;
    await beginSave(server);
    await server.waitFor("persistence", SAVE_MS_MAX, ["rdb_bgsave_in_progress:0"]);
    await server.waitFor("persistence", POLL_MS, ["rdb_last_bgsave_status:ok"]);
    const path = join(this.#options.data, RDB_FILE);
    try {
      if ((await stat(path)).size > DUMP_BYTES_MAX) throw tooLarge();
      return await readFile(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** All or nothing: the previous data come back if the server refuses the RDB file. Every session ends with the server. */
  async restore(
    dump: AsyncIterable<Uint8Array>,
    { isAppending, isTrusting, keepsSessions }: RestoreDefects,
  ): Promise<void> {
    refuseDefects({ "restore append": isAppending, "restore keep-sessions": keepsSessions });
    const rdb = await readAll(openStream(ENGINE, dump, isTrusting), DUMP_BYTES_MAX);
    const { data, owner } = this.#options;
    const server = this.#running;
    this.#server = undefined;
    await server.stop();
    await rename(join(data, AOF_FOLDER), join(data, PREVIOUS));
    try {
      await writeOwned(join(data, RDB_FILE), rdb, owner);
      await this.start();
    } catch (error) {
      await rm(join(data, AOF_FOLDER), { recursive: true, force: true });
      await rename(join(data, PREVIOUS), join(data, AOF_FOLDER));
      await this.start();
      throw new DataServiceError("DS_NOT_RESTORED", error instanceof LivePlaneError ? error.message : "the RDB file");
    } finally {
      await rm(join(data, RDB_FILE), { force: true });
      await rm(join(data, PREVIOUS), { recursive: true, force: true });
    }
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    if (this.#server !== undefined) await this.member?.keep();
    await this.#close();
  }

  async kill(): Promise<void> {
    await this.#server?.kill();
    await this.#close();
  }

  async #close(): Promise<void> {
    this.member?.end();
    const relay = this.#relay;
    this.#relay = undefined;
    await relay?.close();
    this.#end();
  }
}

/** A defect without an effect would let a suite believe that it had been present. @throws DataServiceError DS_NOT_SIMULATED */
function refuseDefects(planted: Readonly<Record<string, boolean>>): void {
  const [defect] = Object.entries(planted).find(([, isPlanted]) => isPlanted) ?? [];
  if (defect !== undefined) throw new DataServiceError("DS_NOT_SIMULATED", `the defect ${defect} on a Redis server`);
}

/** A server saves one file at a time. A save in progress may have begun before the request, so it must finish first. */
async function beginSave(server: Server): Promise<void> {
  for (let waited = 0; ; waited += POLL_MS) {
    try {
      await server.ask("BGSAVE");
      return;
    } catch (error) {
      if (!(error instanceof ReplyError) || !/in progress|child process|rewriting/i.test(error.message)) throw error;
      if (waited > SAVE_MS_MAX) throw error;
      await sleep(POLL_MS);
    }
  }
}
