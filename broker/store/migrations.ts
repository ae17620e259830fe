import { type Kysely, sql } from "kysely";
import { ConfigError } from "../config.ts";
import type { Tables } from "./schema.ts";
import type { StoreSession } from "./session.ts";

/** One step from a schema to the next. Its statements run on both PostgreSQL and pg-mem. */
export interface Migration {
  /** Counts from 1, without gaps. */
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/**
 * Every step from an empty database to the schema of this broker, in order. A released step never changes: a further one follows it. The first one
 * checks what exists, because early brokers recorded no version.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "instances, bindings, operations, backups, restores",
    statements: [
      "create table if not exists instances (id text primary key, plan_id text not null, deployment text not null, state text not null, owner text not null, parameters text not null, context text not null, secrets text not null, address text not null, version integer not null, created_ms bigint not null)",
      "create table if not exists bindings (id text primary key, instance_id text not null, state text not null, request text not null, username text not null, password text not null, created_ms bigint not null)",
      "create table if not exists operations (id text primary key, instance_id text not null, binding_id text not null, kind text not null, state text not null, description text not null, payload text not null, busy text unique, created_ms bigint not null, sequence serial not null)",
      "create table if not exists backups (id text primary key, instance_id text not null, state text not null, parts text not null, size_bytes bigint not null, triggered_ms bigint not null, finished_ms bigint not null)",
      "create table if not exists restores (id text primary key, instance_id text not null, backup_id text not null, state text not null, triggered_ms bigint not null, finished_ms bigint not null)",
      "create index if not exists bindings_instance on bindings (instance_id)",
      "create index if not exists operations_instance on operations (instance_id)",
      "create index if not exists backups_instance on backups (instance_id)",
      "create index if not exists restores_instance on restores (instance_id)",
    ],
  },
  {
    version: 2,
    name: "leases of operations",
    statements: [
      "alter table operations add column worker text not null default ''",
      "alter table operations add column fence integer not null default 0",
      "alter table operations add column lease_until_ms bigint not null default 0",
      "create table leases (name text primary key, worker text not null, lease_until_ms bigint not null)",
    ],
  },
  {
    version: 3,
    name: "quarantine and audit",
    statements: [
      "create table quarantines (instance_id text primary key, reason text not null, since_ms bigint not null)",
      "create table audit (sequence serial primary key, at_ms bigint not null, actor text not null, action text not null, subject text not null, detail text not null)",
      "create index audit_at on audit (at_ms)",
    ],
  },
  {
    version: 4,
    name: "traces of operations",
    statements: ["alter table operations add column traceparent text not null default ''"],
  },
  {
    version: 5,
    name: "backups by schedule, with keys of tenants, to any moment",
    statements: [
      "alter table backups add column deployment text not null default ''",
      "alter table backups add column owner text not null default ''",
      "alter table backups add column origin text not null default 'request'",
      "alter table backups add column request_key text not null default ''",
      "alter table backups add column data_key text not null default ''",
      "alter table backups add column wrapped_key text not null default ''",
      "alter table backups add column key_version integer not null default 0",
      "alter table backups add column epoch integer not null default 0",
      "alter table backups add column started_ms bigint not null default 0",
      "alter table backups add column expires_ms bigint not null default 0",
      "alter table restores add column source_instance_id text not null default ''",
      "alter table restores add column request_key text not null default ''",
      "alter table restores add column target_ms bigint not null default 0",
      "alter table restores add column key_sealed text not null default ''",
      "update backups set request_key = id",
      "update restores set request_key = id",
      "update restores set source_instance_id = instance_id",
      "create unique index backups_request on backups (instance_id, request_key)",
      "create unique index restores_request on restores (instance_id, request_key)",
      "create index backups_owner on backups (owner)",
      "create table backup_settings (instance_id text primary key, deployment text not null, key_version integer not null, schedule text not null, time_zone text not null, is_excluded boolean not null, keep_min integer not null, keep_days integer not null, due_ms bigint not null, missed_ms bigint not null, missed_count integer not null, epoch integer not null, last_restore text not null, log_until_ms bigint not null)",
      "create table backup_keys (id text primary key, instance_id text not null, deployment text not null, version integer not null, sealed text not null, created_ms bigint not null)",
      "create index backup_keys_instance on backup_keys (instance_id)",
      "create table log_files (id text primary key, instance_id text not null, deployment text not null, epoch integer not null, name text not null, parts text not null, data_key text not null, collected_ms bigint not null)",
      "create index log_files_instance on log_files (instance_id)",
    ],
  },
  {
    version: 6,
    name: "maintenance, rollouts, quotas, dashboards",
    statements: [
      "alter table instances add column maintenance text not null default ''",
      "create table rollouts (id text primary key, state text not null, maintenance text not null, wave integer not null, failures_max integer not null, cursor_id text not null, waves integer not null, updated integer not null, failed text not null, skipped text not null, started_ms bigint not null, finished_ms bigint not null)",
      // Whoever counts instances against a quota holds this row meanwhile.
      "insert into leases values ('quota', '', 0)",
      "create table dashboard_sessions (id text primary key, user_name text not null, token text not null, expires_ms bigint not null)",
    ],
  },
];

/** Where versions are recorded. Row 0 is the lock, held during a migration. */
const TABLE =
  "create table if not exists schema_migrations (version integer primary key, name text not null, applied_ms bigint not null)";
const LOCK_ROW = "insert into schema_migrations values (0, 'lock', 0) on conflict do nothing";

/** SQLSTATEs when two create one table at the same moment: unique_violation, duplicate_table, duplicate_object (the type of its rows). */
const CREATED_TWICE = ["23505", "42P07", "42710"];
const TRIES_MAX = 5;

/** Makes sure that the table of versions exists, even while others do the same. */
async function ensureTable(session: StoreSession): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      await session.write((db) => ({ execute: () => sql.raw(TABLE).execute(db) }));
      return await session.execute((db) => ({ execute: () => sql.raw(LOCK_ROW).execute(db) }));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (!CREATED_TWICE.includes(code) || tried === TRIES_MAX) throw error;
    }
  }
}

/**
 * Brings a database to the schema of this broker: only forward, all pending steps or none, under a lock for which brokers that start at the same
 * time wait.
 *
 * @param nowMs time to record, in ms since the Unix epoch
 * @param migrations default: those of this broker
 * @returns the versions that were applied
 * @throws ConfigError CONFIG_NEWER_SCHEMA if a newer broker has migrated it; StoreError
 */
export async function migrate(
  session: StoreSession,
  nowMs: number,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<readonly number[]> {
  await ensureTable(session);
  return session.transaction(async (db) => {
    const known = await versionsUnderLock(db);
    const latest = migrations.at(-1)?.version ?? 0;
    const newest = Math.max(0, ...known);
    if (newest > latest)
      throw new ConfigError("CONFIG_NEWER_SCHEMA", `schema ${newest}, and this broker knows ${latest}`);
    const pending = migrations.filter(({ version }) => version > newest);
    for (const { version, name, statements } of pending) {
      for (const statement of statements) await sql.raw(statement).execute(db);
      await sql`insert into schema_migrations values (${version}, ${name}, ${nowMs})`.execute(db);
    }
    return pending.map(({ version }) => version);
  });
}

async function versionsUnderLock(db: Kysely<Tables>): Promise<readonly number[]> {
  await sql`select version from schema_migrations where version = 0 for update`.execute(db);
  const { rows } = await sql<{ version: number }>`select version from schema_migrations`.execute(db);
  return rows.map(({ version }) => version);
}
