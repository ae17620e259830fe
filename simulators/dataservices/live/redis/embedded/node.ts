import { hash, randomInt } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { wallNowMs } from "../../../../kernel/edge/drive.ts";
import { sameSecret } from "../../../../kernel/index.ts";
import type { DumpDefects, RestoreDefects } from "../../../behaviour/services.ts";
import type { Instance, User } from "../../../state.ts";
import { openStream, readAll } from "../../../wire/dump-stream.ts";
import { DUMP_BYTES_MAX } from "../../../wire/dump.ts";
import { sha256Of } from "../../../wire/verifier.ts";
import type { LiveNode, NodeOrder } from "../../engine.ts";
import { dumpOfBytes } from "../dump.ts";
import { settingsOf } from "../settings.ts";
import { Connections } from "./connections.ts";
import { Dispatcher, type LogIn } from "./dispatcher.ts";
import { linesOf, putLines, readLines } from "./snapshot.ts";

const ENGINE = "redis-embedded";
const FILE = "snapshot";
const SWEEP_MS = 1000;
/** Time for others to write between the two halves of a torn dump, in ms. */
const TEAR_MS = 50;
const RANDOM_MAX = 2 ** 47;

/** Creates the folder of a new disk. */
export const formatEmbedded = (data: string): Promise<void> => mkdir(data, { mode: 0o700 }).then(() => {});

/** Our own engine in this process, as a node. Its data is in memory, and in its folder while it is stopped. */
export async function startEmbeddedNode({ instance, data, users }: NodeOrder): Promise<LiveNode> {
  const node = new EmbeddedNode(data, instance, users);
  await node.start();
  return node;
}

class EmbeddedNode implements LiveNode {
  readonly exited: Promise<void>;
  readonly #data: string;
  readonly #settings: ReturnType<typeof settingsOf>;
  readonly #dispatcher: Dispatcher;
  readonly #sweep: NodeJS.Timeout;
  #users: ReadonlyMap<string, User>;
  #connections: Connections | undefined;
  #end: () => void = () => {};

  constructor(data: string, instance: Instance, users: ReadonlyMap<string, User>) {
    this.#data = data;
    this.#settings = settingsOf(instance);
    this.#users = users;
    const random = (): number => randomInt(RANDOM_MAX) / RANDOM_MAX;
    this.#dispatcher = new Dispatcher({ nowMs: wallNowMs, random, logIn: this.#logIn });
    this.#dispatcher.keyspace.limit = {
      bytesMax: bytesOf(this.#settings.maxmemory),
      policy: this.#settings["maxmemory-policy"],
    };
    this.exited = new Promise((resolve) => (this.#end = resolve));
    this.#sweep = setInterval(() => this.#dispatcher.sweep(), SWEEP_MS);
    this.#sweep.unref();
  }

  async start(): Promise<void> {
    const text = await readFile(join(this.#data, FILE), "utf8").catch(() => "");
    const lines = readLines(text.split("\n").filter((line) => line !== ""));
    this.#dispatcher.change((keyspace) => putLines(keyspace, lines, false));
    const socket = join(this.#data, "s");
    await rm(socket, { force: true });
    this.#connections = await Connections.open(this.#dispatcher, socket, Number(this.#settings.maxclients));
  }

  readonly #logIn: LogIn = (username, password) => {
    const digest = sha256Of(this.#users.get(username)?.verifier ?? "");
    // Done even without such a user, so that the time reveals nothing.
    const isRight = sameSecret(hash("sha256", Buffer.from(password, "latin1"), "hex"), digest ?? "");
    return digest !== undefined && isRight ? { username, isOperator: false } : undefined;
  };

  suits(instance: Instance): boolean {
    return isDeepStrictEqual(settingsOf(instance), this.#settings);
  }

  dial(): Socket {
    return connect(join(this.#data, "s"));
  }

  async revive(): Promise<void> {}

  async applyUsers(users: ReadonlyMap<string, User>): Promise<void> {
    this.#users = users;
    this.#endSessions((username) => !users.has(username));
  }

  #endSessions(isEnded: (username: string) => boolean): void {
    for (const session of this.#dispatcher.sessions)
      if (session.identity !== undefined && isEnded(session.identity.username)) session.end();
  }

  #lines(): readonly string[] {
    let lines: readonly string[] = [];
    this.#dispatcher.change((keyspace) => (lines = linesOf(keyspace)));
    return lines;
  }

  readonly dump = (defects: DumpDefects): AsyncIterable<Uint8Array> =>
    dumpOfBytes(ENGINE, () => this.#dumpBytes(defects));

  async #dumpBytes({ isTorn, isShort }: DumpDefects): Promise<Uint8Array> {
    const first = this.#lines();
    if (isTorn) await sleep(TEAR_MS);
    const whole = isTorn ? [...everySecond(first, 0), ...everySecond(this.#lines(), 1)] : first;
    const lines = isShort ? whole.slice(0, Math.floor(whole.length / 2)) : whole;
    return Buffer.from(lines.map((line) => `${line}\n`).join(""));
  }

  async restore(
    dump: AsyncIterable<Uint8Array>,
    { isAppending, isTrusting, keepsSessions }: RestoreDefects,
  ): Promise<void> {
    const bytes = await readAll(openStream(ENGINE, dump, isTrusting), DUMP_BYTES_MAX);
    const lines = readLines(Buffer.from(bytes).toString("utf8").split("\n").slice(0, -1), isTrusting);
    if (!keepsSessions) this.#endSessions(() => true);
    this.#dispatcher.change((keyspace) => {
      if (!isAppending) for (const database of keyspace.databases) database.clear();
      putLines(keyspace, lines, isAppending);
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#connections?.close();
    await writeFile(
      join(this.#data, FILE),
      this.#lines()
        .map((line) => `${line}\n`)
        .join(""),
      { mode: 0o600 },
    );
    this.#end();
  }
}

/** Takes each key from one of two snapshots, depending on its position in the order of keys. */
const everySecond = (lines: readonly string[], from: number): readonly string[] =>
  lines.filter((_, at) => at % 2 === from);

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1000,
  m: 1000 ** 2,
  g: 1000 ** 3,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
};

/** The number of bytes of a size in redis.conf's form, such as `64mb`. */
function bytesOf(text: string): number {
  const [, digits = "0", unit = ""] = /^(\d+)(\w*)$/.exec(text.toLowerCase()) ?? [];
  return Number(digits) * (UNITS[unit] ?? 1);
}
