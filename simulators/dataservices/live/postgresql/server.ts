import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import pg from "pg";
import type { Instance, User } from "../../state.ts";
import type { MemberOrder } from "../engine.ts";
import type { Owner } from "../owner.ts";
import type { Binaries } from "./binaries.ts";
import { LivePlaneError } from "../errors.ts";
import { killServer } from "./fence.ts";
import { writeMemberFiles } from "./member.ts";
import { withinMemory } from "./memory.ts";
import { waitUntilReady } from "./readiness.ts";
import { applyUsers, CLOSED_HBA, hbaOf, identifier, literal, RESTORER, SUPERUSER } from "./roles.ts";

/** Settings for many small servers that must start quickly and need not survive a power failure. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "",
  fsync: "off",
  full_page_writes: "off",
  shared_buffers: "8MB",
  max_connections: "128",
  max_wal_size: "64MB",
  wal_level: "replica",
  // A second one for the log that goes with a base backup, and those of replicas.
  max_wal_senders: "10",
  max_logical_replication_workers: "0",
  jit: "off",
  lc_messages: "C",
  timezone: "UTC",
  log_timezone: "UTC",
  // The text of a statement may hold a tenant's secrets.
  log_min_error_statement: "panic",
  log_checkpoints: "off",
};

/** Custom parameters of the job that are passed to the server as they are. */
const PARAMETERS = new Set([
  "max_connections",
  "shared_buffers",
  "work_mem",
  "effective_cache_size",
  "temp_file_limit",
  "track_io_timing",
  "statement_timeout",
  "synchronous_commit",
]);
const PARAMETER_VALUE = /^[\w.+-]{1,64}$/;

/** The server settings of an instance: the common ones, and those of its job's custom parameters that the platform lets through. */
export function settingsOf(instance: Instance, major: number): Readonly<Record<string, string>> {
  const custom = Object.entries(instance.parameters)
    .map(([name, value]): [string, string] => [name, String(value)])
    .filter(([name, value]) => PARAMETERS.has(name) && PARAMETER_VALUE.test(value));
  // Saves each server a worker process.
  const io = major >= 18 ? { io_method: "sync" } : {};
  return { ...SETTINGS, ...io, ...Object.fromEntries(custom) };
}

/** The options of a server. If they change, it must be restarted. */
export interface ServerOptions {
  readonly binaries: Binaries;
  readonly owner: Owner;
  /** The data folder; the socket lies in it too. */
  readonly data: string;
  readonly password: string;
  readonly database: string;
  readonly settings: Readonly<Record<string, string>>;
  /** The memory limit of each of its processes, MiB. Default: none. */
  readonly memoryMib?: number | undefined;
  /** Admits only the simulator, whatever password its files give the superuser. Default: false. */
  readonly isClosed?: boolean;
  /** Its role in its group, for a node that replicates. */
  readonly member?: MemberOrder;
  /** How long it may take to serve: longer if it has a log to replay. Default: 20 s. */
  readonly startMsMax?: number;
}

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 10_000;
/** How long a change of users may wait for a replica, in ms. */
const CONFIRM_MS_MAX = 8000;

/** One running PostgreSQL: a postmaster that listens only on a socket in its own folder. */
export class Server {
  readonly options: ServerOptions;
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  #admin: pg.Client | undefined;

  private constructor(options: ServerOptions, child: ChildProcess) {
    this.options = options;
    this.#child = child;
    this.exited = new Promise((resolve) => child.once("exit", () => resolve()));
  }

  /** @throws LivePlaneError LIVE_PG_START */
  static async start(options: ServerOptions): Promise<Server> {
    await writeFile(join(options.data, "pg_hba.conf"), options.isClosed ? CLOSED_HBA : hbaOf(options.database));
    if (options.member !== undefined) await writeMemberFiles(options.member, options);
    const settings = { ...options.settings, unix_socket_directories: options.data };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const [program, args] = withinMemory(options.memoryMib, [options.binaries.postgres, "-D", options.data, ...flags]);
    const child = spawn(program, args, {
      ...options.owner,
      cwd: options.data,
      stdio: ["ignore", "ignore", "pipe"],
      // A Ctrl-C at the terminal concerns only this process, which then stops the server.
      detached: true,
      env: { PATH: process.env.PATH ?? "", LC_ALL: "C" },
    });
    const server = new Server(options, child);
    try {
      await waitUntilReady(child, options.startMsMax ?? START_MS_MAX);
      if (options.isClosed) await server.#setPasswords();
      // A standby has the name from its primary.
      if (options.member?.primary === undefined) await server.#nameDatabase();
      await server.revive();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Gives the simulator's own roles the passwords of this process if the files come from another. */
  async #setPasswords(): Promise<void> {
    const client = await this.connect(SUPERUSER, "template1");
    try {
      for (const role of [SUPERUSER, RESTORER])
        await client.query(`ALTER ROLE ${role} PASSWORD ${literal(this.options.password)}`);
    } finally {
      await client.end();
    }
  }

  /** Gives the database its instance's name. */
  async #nameDatabase(): Promise<void> {
    const client = await this.connect(SUPERUSER, "template1");
    try {
      // The primary may still be alone.
      await client.query("SET synchronous_commit = local");
      const { rows } = await client.query<{ datname: string }>(
        "SELECT datname FROM pg_database WHERE datname <> 'template1' AND datname <> $1",
        [this.options.database],
      );
      for (const { datname } of rows)
        await client.query(`ALTER DATABASE ${identifier(datname)} RENAME TO ${identifier(this.options.database)}`);
      // A restore that was cut short may have left the database closed to tenants.
      await client.query(`ALTER DATABASE ${identifier(this.options.database)} CONNECTION LIMIT -1`);
    } finally {
      await client.end();
    }
  }

  /** A client that logs in as one of the simulator's own roles. */
  async connect(user: typeof SUPERUSER | typeof RESTORER, database = this.options.database): Promise<pg.Client> {
    return this.#open({ user, database });
  }

  /** A client for commands of replication, such as BASE_BACKUP. */
  connectForReplication(): Promise<pg.Client> {
    return this.#open({ user: SUPERUSER, replication: "true" });
  }

  async #open(login: pg.ClientConfig & { readonly replication?: string }): Promise<pg.Client> {
    const { data, password } = this.options;
    const address = { host: data, port: 5432, ssl: false, password, connectionTimeoutMillis: START_MS_MAX };
    const client = new pg.Client({ ...address, ...login });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  /** Reopens the superuser's standing session if it was lost: when one of its processes crashes, a server ends all sessions and lives on. */
  async revive(): Promise<void> {
    if (this.#admin !== undefined) return;
    const admin = await this.connect(SUPERUSER);
    this.#admin = admin;
    admin.once("end", () => {
      if (this.#admin === admin) this.#admin = undefined;
    });
  }

  /** The superuser's standing session. */
  get admin(): pg.Client {
    if (this.#admin === undefined) throw new LivePlaneError("LIVE_PG_START", "no session of the superuser");
    return this.#admin;
  }

  /**
   * Makes its users match the given ones.
   *
   * @param commit `on`: as safe as a tenant's writes, on a replica as well; `local`: for a server that may have no replica yet. Default: `on`
   * @throws LivePlaneError LIVE_PG_UNCONFIRMED if no replica has the change in time; it has taken effect nonetheless
   */
  async applyUsers(users: ReadonlyMap<string, User>, commit: "on" | "local" = "on"): Promise<void> {
    const { admin } = this;
    let isUnconfirmed = false;
    const onNotice = ({ message }: { readonly message?: string | undefined }): void => {
      if (message?.includes("synchronous replication") === true) isUnconfirmed = true;
    };
    admin.on("notice", onNotice);
    try {
      await admin.query(`SET synchronous_commit = ${commit}; SET statement_timeout = ${CONFIRM_MS_MAX}`);
      await applyUsers(admin, users);
      await admin.query("RESET statement_timeout");
    } finally {
      admin.off("notice", onNotice);
    }
    if (isUnconfirmed) throw new LivePlaneError("LIVE_PG_UNCONFIRMED");
  }

  /** A raw connection, as a client at the instance's address would open it. */
  dial(): Socket {
    return connect(join(this.options.data, ".s.PGSQL.5432"));
  }

  /** Ends every process of the server abruptly. */
  async kill(): Promise<void> {
    if (this.#child.pid !== undefined) await killServer(this.#child.pid, this.options.data);
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.exited;
  }

  /** Ends all sessions and the server: by a fast shutdown, and after `STOP_MS_MAX` abruptly. */
  async stop(): Promise<void> {
    // Not waited for: a server that hangs does not answer.
    this.#admin?.end().catch(() => {});
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    this.#child.kill("SIGINT");
    const late = setTimeout(() => void this.kill(), STOP_MS_MAX);
    await this.exited;
    clearTimeout(late);
  }
}
