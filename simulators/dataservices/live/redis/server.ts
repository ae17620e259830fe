import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { User } from "../../state.ts";
import { LivePlaneError } from "../errors.ts";
import type { MemberOrder } from "../engine.ts";
import { PID_FILE } from "../folder.ts";
import type { Owner } from "../owner.ts";
import { aclFileOf, OPERATOR, tenantRules } from "./acl.ts";
import type { Program } from "./program.ts";
import { RespClient, textOf } from "./resp/client.ts";
import type { RedisSettings } from "./settings.ts";

/** The options of a server. */
export interface ServerOptions {
  readonly program: Program;
  readonly owner: Owner;
  /** The folder of its data; the socket lies in it too. */
  readonly data: string;
  /** The password of the simulator's own user. */
  readonly password: string;
  readonly passwordHash: string;
  readonly settings: RedisSettings;
  /** Its role in its group, and the loopback port that leads to its primary. */
  readonly member?: MemberOrder & { readonly relayPort: number };
}

/** A replica announces itself by this port and its index, so that the primary can tell its replicas apart. */
export const ANNOUNCED_PORT = 10_000;
const READY = "eady to accept connections";
const LOG_CHARS_MAX = 4000;
const START_MS_MAX = 20_000;
const STOP_MS_MAX = 10_000;
const REWRITE_MS_MAX = 60_000;
const POLL_MS = 20;

/** The file from which a server loads its data when it has no append-only files. */
export const RDB_FILE = "dump.rdb";
/** The folder of the append-only files, which hold each write before it is acknowledged. */
export const AOF_FOLDER = "appendonlydir";

/** Settings of a node that replicates. Durations are short, because all nodes are near. */
function memberConfig(
  member: NonNullable<ServerOptions["member"]>,
  password: string,
): Readonly<Record<string, string>> {
  const { index, primary, relayPort, voters } = member;
  return {
    masteruser: OPERATOR,
    masterauth: password,
    "replica-announce-port": String(ANNOUNCED_PORT + index),
    "repl-ping-replica-period": "1",
    "repl-timeout": "5",
    "min-replicas-to-write": voters.length > 0 && primary === undefined ? "1" : "0",
    ...(primary && { replicaof: `127.0.0.1 ${relayPort}` }),
  };
}

/** The text of redis.conf. Only a socket in the server's own folder listens. */
function configOf({ data, settings, member, password }: ServerOptions, isAppending: boolean): string {
  const config: Readonly<Record<string, string>> = {
    port: "0",
    unixsocket: join(data, "s"),
    unixsocketperm: "700",
    dir: data,
    dbfilename: RDB_FILE,
    appenddirname: AOF_FOLDER,
    aclfile: join(data, "users.acl"),
    pidfile: join(data, PID_FILE),
    daemonize: "no",
    logfile: '""',
    save: '""',
    appendonly: isAppending ? "yes" : "no",
    // Acknowledged writes have reached the kernel and so survive the process; they need not survive a power failure.
    appendfsync: "no",
    "repl-diskless-sync-delay": "0",
    ...settings,
    ...(member && memberConfig(member, password)),
  };
  return Object.entries(config)
    .map(([name, value]) => `${name} ${value}\n`)
    .join("");
}

/** One running server program, which listens only on a socket in its own folder. */
export class Server {
  readonly options: ServerOptions;
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  #operator: RespClient | undefined;

  private constructor(options: ServerOptions, child: ChildProcess) {
    this.options = options;
    this.#child = child;
    this.exited = once(child, "exit").then(() => {});
    // `waitUntilReady` reports a program that can't be started.
    this.exited.catch(() => {});
  }

  /** Starts on the data in the folder, with these users and no others. @throws LivePlaneError LIVE_REDIS_START */
  static async start(options: ServerOptions, users: ReadonlyMap<string, User>): Promise<Server> {
    const { data, owner, program } = options;
    const hasLog = existsSync(join(data, AOF_FOLDER)) || !existsSync(join(data, RDB_FILE));
    await writeOwned(join(data, "redis.conf"), configOf(options, hasLog), owner);
    await writeOwned(join(data, "users.acl"), aclFileOf(options.passwordHash, users.values()), owner);
    const child = spawn(program.path, [join(data, "redis.conf")], {
      ...owner,
      cwd: data,
      stdio: ["ignore", "pipe", "ignore"],
      // A Ctrl-C at the terminal concerns only this process, which then stops the server.
      detached: true,
      env: { PATH: process.env.PATH ?? "", LC_ALL: "C" },
    });
    const server = new Server(options, child);
    try {
      await waitUntilReady(child);
      await server.revive();
      if (!hasLog) await server.#beginLog();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** A server that has loaded an RDB file writes its data to append-only files first, then what follows. */
  async #beginLog(): Promise<void> {
    await this.ask("CONFIG", "SET", "appendonly", "yes");
    await this.waitFor("persistence", REWRITE_MS_MAX, ["aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0"]);
  }

  /** Waits until a section of INFO has all of these lines. @throws LivePlaneError LIVE_REDIS_START after `msMax` */
  async waitFor(section: string, msMax: number, lines: readonly string[]): Promise<void> {
    for (let waited = 0; waited < msMax; waited += POLL_MS) {
      const info = textOf(await this.ask("INFO", section)).split("\r\n");
      if (lines.every((line) => info.includes(line))) return;
      await sleep(POLL_MS);
    }
    throw new LivePlaneError("LIVE_REDIS_START", `no ${lines.join(", ")} after ${msMax} ms`);
  }

  /** Reopens the operator's standing session if it was lost. */
  async revive(): Promise<void> {
    if (this.#operator?.isOpen) return;
    const operator = new RespClient(this.dial());
    await operator.ask("AUTH", OPERATOR, this.options.password);
    this.#operator = operator;
  }

  /** A command of the operator. @throws ReplyError */
  ask(...words: readonly string[]): ReturnType<RespClient["ask"]> {
    if (this.#operator === undefined) throw new LivePlaneError("LIVE_REDIS_START", "no session of the operator");
    return this.#operator.ask(...words);
  }

  async applyUsers(users: ReadonlyMap<string, User>): Promise<void> {
    const reply = await this.ask("ACL", "USERS");
    const there = reply.type === "array" ? (reply.items ?? []).map(textOf) : [];
    const gone = there.filter((name) => name !== "default" && name !== OPERATOR && !users.has(name));
    // Ends their sessions as well.
    if (gone.length > 0) await this.ask("ACL", "DELUSER", ...gone);
    for (const user of users.values()) await this.ask("ACL", "SETUSER", user.username, ...tenantRules(user));
    await this.ask("ACL", "SAVE");
  }

  /** A raw connection, as a client at the instance's address would open it. */
  dial(): Socket {
    return connect(join(this.options.data, "s"));
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    this.#operator?.end();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await this.exited;
  }

  /** Ends all sessions and the server, and after `STOP_MS_MAX` kills it. */
  async stop(): Promise<void> {
    this.#operator?.end();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS_MAX);
    await this.exited;
    clearTimeout(late);
  }
}

/** Writes a file that only the server's user may read. */
export async function writeOwned(path: string, text: string | Uint8Array, { uid, gid }: Owner): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

function waitUntilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    const fail = (why: string): void => reject(new LivePlaneError("LIVE_REDIS_START", why));
    const late = setTimeout(() => fail(`not ready after ${START_MS_MAX} ms`), START_MS_MAX);
    const end = (why: string): void => {
      clearTimeout(late);
      fail(why);
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", () => end(log.split("\n").findLast((line) => / # |rror/.test(line)) ?? "it ended at once"));
    child.stdout?.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString("latin1")).slice(-LOG_CHARS_MAX);
      if (!log.includes(READY)) return;
      clearTimeout(late);
      resolve();
    });
  });
}
