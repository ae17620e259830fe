import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { MemberNode, MemberOrder, MemberSight } from "../engine.ts";
import { formatFolder } from "./folder.ts";
import type { Relay } from "./relay.ts";
import { RespClient, textOf } from "./resp/client.ts";
import { OPERATOR } from "./acl.ts";
import { ANNOUNCED_PORT, type Server, writeOwned } from "./server.ts";

/** How long a node may take to report its role, in ms. */
const LOOK_MS_MAX = 1000;
/** The file in which a stopped node keeps its position in its history. */
const HISTORY_FILE = "history";
/** Bytes of one epoch of a history; a new one begins whenever a server starts as a primary, since it counts from 0 then. */
const EPOCH_BYTES = 2 ** 36;

/** How far the history of a node goes: offsets of one epoch can be compared. */
interface History {
  readonly epoch: number;
  readonly offset: number;
}

const positionOf = ({ epoch, offset }: History): number => epoch * EPOCH_BYTES + offset;

async function readHistory(data: string): Promise<History> {
  const text = await readFile(join(data, HISTORY_FILE), "utf8").catch(() => "0 0");
  const [epoch = 0, offset = 0] = text.split(" ").map(Number);
  return { epoch, offset };
}

/**
 * One Redis as a node of its group. Its replication is asynchronous: only a write that a client has confirmed
 * with `WAIT 1` is certain to survive the primary. While the group waits for a replica, the primary accepts
 * writes only as long as one follows it, so a primary that is cut off accepts none.
 */
export class RedisMember implements MemberNode {
  readonly #server: () => Server;
  readonly #relay: Relay;
  #order: MemberOrder;
  #history: History = { epoch: 0, offset: 0 };
  #session: RespClient | undefined;

  /** @param server the current server of the node */
  constructor(server: () => Server, order: MemberOrder, relay: Relay) {
    this.#server = server;
    this.#order = order;
    this.#relay = relay;
  }

  /** The role in which its server would be restarted. */
  get order(): MemberOrder {
    return this.#order;
  }

  /** Before its server starts: reads its position in its history. A primary begins a new epoch. */
  async begin(data: string): Promise<void> {
    const kept = await readHistory(data);
    this.#history = this.#order.primary === undefined ? { epoch: kept.epoch + 1, offset: 0 } : kept;
    if (this.#order.primary !== undefined) this.#relay.leadTo(join(this.#order.primary.data, "s"));
  }

  /** Stores its position in its history. */
  async keep(): Promise<void> {
    const { data, owner } = this.#server().options;
    await writeOwned(join(data, HISTORY_FILE), `${this.#history.epoch} ${this.#history.offset}`, owner);
  }

  async look(): Promise<MemberSight> {
    const lines = textOf(await this.#ask("INFO", "replication")).split("\r\n");
    const fields = new Map(lines.map((line) => [line.split(":")[0] ?? "", line.slice(line.indexOf(":") + 1)]));
    if (fields.get("role") === "slave") return this.#lookAtReplica(fields);
    const offset = Number(fields.get("master_repl_offset") ?? 0);
    await this.#note({ epoch: this.#history.epoch, offset }, false);
    const position = positionOf(this.#history);
    return { is: "primary", position, waitsFor: this.#order.voters, followers: followersIn(lines) };
  }

  async #lookAtReplica(fields: ReadonlyMap<string, string>): Promise<MemberSight> {
    const offset = Number(fields.get("slave_repl_offset") ?? 0);
    const { primary } = this.#order;
    // Its own offset belongs to its primary's epoch only once it has the primary's data.
    if (fields.get("master_link_status") === "up" && primary !== undefined) {
      const { epoch } = await readHistory(primary.data);
      await this.#note({ epoch, offset }, epoch !== this.#history.epoch);
    } else if (offset > this.#history.offset) this.#history = { ...this.#history, offset };
    return { is: "replica", position: positionOf(this.#history), follows: primary?.index ?? null };
  }

  async #note(history: History, isKept: boolean): Promise<void> {
    this.#history = history;
    if (isKept) await this.keep();
  }

  async promote(voters: readonly number[]): Promise<void> {
    await this.#ask("REPLICAOF", "NO", "ONE");
    this.#order = { ...this.#order, primary: undefined };
    await this.keep();
    await this.waitFor(voters);
  }

  async follow(primary: { readonly index: number; readonly data: string }): Promise<void> {
    this.#relay.leadTo(join(primary.data, "s"));
    await this.#ask("REPLICAOF", "127.0.0.1", String(this.#relay.port));
    this.#order = { ...this.#order, primary };
  }

  async waitFor(voters: readonly number[]): Promise<void> {
    await this.#ask("CONFIG", "SET", "min-replicas-to-write", voters.length > 0 ? "1" : "0");
    this.#order = { ...this.#order, voters };
  }

  /** A replica that has missed more than the primary's backlog holds gets all data again: nothing needs to be kept for it. */
  async expect(): Promise<void> {}

  async forget(): Promise<void> {}

  /** A replica gets the primary's data when it begins to follow it: it only needs an empty folder. */
  async copyTo(to: string): Promise<void> {
    await rm(to, { recursive: true, force: true });
    await formatFolder(to, this.#server().options.owner);
  }

  end(): void {
    this.#session?.end();
  }

  /** A command in the separate session of looks; a node that does not answer in time loses it. */
  async #ask(...words: readonly string[]): ReturnType<RespClient["ask"]> {
    const session = this.#session ?? new RespClient(this.#server().dial());
    const late = setTimeout(() => session.end(), LOOK_MS_MAX);
    try {
      if (this.#session === undefined) await session.ask("AUTH", OPERATOR, this.#server().options.password);
      this.#session = session;
      return await session.ask(...words);
    } catch (error) {
      session.end();
      this.#session = undefined;
      throw error;
    } finally {
      clearTimeout(late);
    }
  }
}

/** The replicas that have the primary's data and follow it, by index. */
function followersIn(lines: readonly string[]): readonly number[] {
  return lines.flatMap((line) => {
    const [, port, state] = /^slave\d+:.*port=(\d+),state=(\w+)/.exec(line) ?? [];
    return state === "online" ? [Number(port) - ANNOUNCED_PORT] : [];
  });
}
