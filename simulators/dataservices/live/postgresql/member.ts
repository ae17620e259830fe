import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import type { MemberNode, MemberOrder, MemberSight } from "../engine.ts";
import { type Owner, writeOwned } from "../owner.ts";
import { baseBackup } from "./physical/base-backup.ts";
import { unpackBackup } from "./physical/unpack.ts";
import { identifier, literal, SUPERUSER } from "./roles.ts";
import type { Server } from "./server.ts";

/** How long a node may take to report its role, in ms. */
const LOOK_MS_MAX = 1000;
/** How long a promotion may take, s. */
const PROMOTION_S_MAX = 30;

/** Settings of nodes that replicate; those of a standby must not be smaller than its primary's. Durations are short, since all nodes are near. */
export const MEMBER_SETTINGS: Readonly<Record<string, string>> = {
  hot_standby: "on",
  max_wal_senders: "10",
  max_replication_slots: "10",
  // A replica that stays away longer than this is cloned again.
  max_slot_wal_keep_size: "256MB",
  wal_receiver_status_interval: "1s",
  wal_retrieve_retry_interval: "200ms",
  wal_receiver_timeout: "5s",
  wal_sender_timeout: "5s",
  // Its files are removed with the folder when a killed server's are replaced.
  dynamic_shared_memory_type: "mmap",
};

const nameOf = (index: number): string => `n${index}`;
const indexOf = (name: string): number => Number(name.slice(1));

/** The setting for which a primary's commits wait. */
const waitingFor = (voters: readonly number[]): string =>
  voters.length === 0 ? "" : `ANY 1 (${voters.map((each) => identifier(nameOf(each))).join(", ")})`;

const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/**
 * The connection of a standby to its primary, through the folder of that server's socket. The password is in
 * no command line and no log.
 */
function connectionTo(primaryData: string, index: number, password: string): string {
  return `host=${primaryData} port=5432 user=${SUPERUSER} password=${password} application_name=${nameOf(index)} sslmode=disable`;
}

interface MemberFiles {
  readonly data: string;
  readonly owner: Owner;
  readonly password: string;
}

/** Writes the settings from which a starting server learns its role in its group, replacing those in the files that it was made from. */
export async function writeMemberFiles(order: MemberOrder, { data, owner, password }: MemberFiles): Promise<void> {
  const { index, primary, voters } = order;
  const settings = { synchronous_standby_names: waitingFor(voters) };
  const following = primary && {
    primary_conninfo: connectionTo(primary.data, index, password),
    primary_slot_name: nameOf(index),
  };
  const lines = Object.entries({ ...settings, ...following }).map(([name, value]) => `${name} = ${quote(value)}\n`);
  await writeOwned(join(data, "postgresql.auto.conf"), lines.join(""), owner);
  const signal = join(data, "standby.signal");
  if (primary === undefined) await rm(signal, { force: true });
  else await writeOwned(signal, "", owner);
}

const LOOK = `SELECT pg_is_in_recovery() AS replica,
  CASE WHEN pg_is_in_recovery()
    THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'
    ELSE pg_current_wal_flush_lsn() - '0/0' END AS position,
  current_setting('synchronous_standby_names') AS waits_for,
  array(SELECT application_name FROM pg_stat_replication WHERE state = 'streaming' AND application_name ~ '^n[0-9]+$') AS followers`;

interface LookRow {
  readonly replica: boolean;
  readonly position: string | null;
  readonly waits_for: string;
  readonly followers: readonly string[];
}

/** One PostgreSQL as a node of its group. */
export class PostgresqlMember implements MemberNode {
  readonly #server: () => Server;
  #order: MemberOrder;
  /** A separate session: work in others, which may wait for a replica, must not make the node look silent. */
  #session: Promise<pg.Client> | undefined;
  /** The last statement in this session, answered or not: it has one at a time. */
  #lastAsked: Promise<unknown> | undefined;

  /** @param server the current server of the node */
  constructor(server: () => Server, order: MemberOrder) {
    this.#server = server;
    this.#order = order;
  }

  /** The role in which its server would be restarted. */
  get order(): MemberOrder {
    return this.#order;
  }

  async look(): Promise<MemberSight> {
    const { rows } = await this.#ask<LookRow>(LOOK);
    const [row] = rows;
    if (row === undefined) throw new Error("no answer");
    const position = Number(row.position ?? 0);
    if (row.replica) return { is: "replica", position, follows: this.#order.primary?.index ?? null };
    const waitsFor = [...row.waits_for.matchAll(/"(n\d+)"/g)].map(([, name = ""]) => indexOf(name));
    return { is: "primary", position, waitsFor, followers: row.followers.map(indexOf) };
  }

  async promote(voters: readonly number[]): Promise<void> {
    await this.#set("synchronous_standby_names", waitingFor(voters));
    await this.#ask(`SELECT pg_promote(true, ${PROMOTION_S_MAX})`, PROMOTION_S_MAX * 1000);
    this.#order = { ...this.#order, primary: undefined, voters };
  }

  async follow(primary: { readonly index: number; readonly data: string }): Promise<void> {
    const order = { ...this.#order, primary };
    await writeMemberFiles(order, this.#server().options);
    await this.#ask("SELECT pg_reload_conf()");
    this.#order = order;
  }

  async waitFor(voters: readonly number[]): Promise<void> {
    await this.#set("synchronous_standby_names", waitingFor(voters));
    this.#order = { ...this.#order, voters };
  }

  async expect(index: number): Promise<void> {
    const name = literal(nameOf(index));
    // A slot that has lost its log is useless.
    await this.#ask(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
      WHERE slot_name = ${name} AND NOT active AND wal_status IN ('lost', 'unreserved')`);
    await this.#ask(`SELECT pg_create_physical_replication_slot(${name}, true)
      WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = ${name})`);
  }

  async forget(index: number): Promise<void> {
    await this.#ask(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
      WHERE slot_name = ${literal(nameOf(index))} AND NOT active`);
  }

  /** The folder itself stays: a server that starts in it finds the shared memory that its predecessor left behind. */
  async copyTo(to: string, index: number): Promise<void> {
    const server = this.#server();
    const { owner } = server.options;
    const fresh = `${to}.clone`;
    await rm(fresh, { recursive: true, force: true });
    await this.expect(index);
    const session = await server.connectForReplication();
    try {
      await unpackBackup(
        baseBackup(session, { label: nameOf(index), major: server.options.binaries.major }),
        fresh,
        owner,
      );
    } finally {
      await session.end().catch(() => {});
    }
    for (const name of SERVERS_OWN) await rm(join(fresh, name), { force: true });
    await replaceContent(to, fresh);
  }

  async #set(name: string, value: string): Promise<void> {
    await this.#ask(`ALTER SYSTEM SET ${name} = ${literal(value)}`);
    await this.#ask("SELECT pg_reload_conf()");
  }

  /** Runs a statement in the session of looks; a node that does not answer in time loses it. */
  async #ask<Row extends object>(sql: string, msMax = LOOK_MS_MAX): Promise<pg.QueryResult<Row>> {
    this.#session ??= this.#server().connect(SUPERUSER);
    const asked = Promise.all([this.#session, this.#lastAsked]).then(([session]) => session.query<Row>(sql));
    this.#lastAsked = asked.catch(() => {});
    try {
      return await within(asked, msMax);
    } catch (error) {
      const broken = this.#session;
      this.#session = undefined;
      this.#lastAsked = undefined;
      void broken?.then((session) => session.end()).catch(() => {});
      throw error;
    }
  }
}

async function within<T>(work: Promise<T>, msMax: number): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`no answer within ${msMax} ms`)), msMax);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(late);
    work.catch(() => {});
  }
}

/** Files that belong to the copied server, not to its data. */
const SERVERS_OWN = [".s.PGSQL.5432.lock", ".s.PGSQL.5432", "postmaster.opts", "standby.signal"];

async function replaceContent(folder: string, by: string): Promise<void> {
  const there = await readdir(folder).catch(() => undefined);
  if (there === undefined) return rename(by, folder);
  for (const name of there) await rm(join(folder, name), { recursive: true, force: true });
  for (const name of await readdir(by)) await rename(join(by, name), join(folder, name));
  await rm(by, { recursive: true });
}
