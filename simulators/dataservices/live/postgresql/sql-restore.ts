import type { Client } from "pg";
import { decode, type Item } from "../../wire/dump.ts";
import { DataServiceError } from "../../wire/errors.ts";
import type { RestoreDefects } from "../../behaviour/services.ts";
import { copyIn } from "./copy.ts";
import { endSessions, GROUP, identifier, RESTORER, SUPERUSER } from "./roles.ts";
import type { Server } from "./server.ts";

/** Drops what the group owns: everything but the system and what `public` holds from the start. */
const SCHEMAS = `SELECT format('DROP SCHEMA %I CASCADE', nspname) AS sql FROM pg_namespace
  WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public') ORDER BY nspname`;
const EXTENSIONS = `SELECT format('DROP EXTENSION IF EXISTS %I CASCADE', extname) AS sql FROM pg_extension WHERE extname <> 'plpgsql'`;
const LARGE_OBJECTS = "SELECT lo_unlink(oid) FROM pg_largeobject_metadata";

/**
 * Replaces the content of a database with that of a dump: verifies the dump, shuts tenants out, ends their sessions, and in one
 * transaction drops everything and makes everything again, with the rights of a tenant. It is all or nothing.
 *
 * @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP, DS_NOT_RESTORED
 */
export async function sqlRestore(server: Server, dump: Uint8Array, defects: RestoreDefects): Promise<void> {
  const items = decode(dump, "postgresql", defects.isTrusting);
  const { database } = server.options;
  const restorer = await connectRestorer(server);
  try {
    if (!defects.keepsSessions) await shutTenantsOut(server.admin, database);
    await giveAllToGroup(server.admin);
    if (defects.isAppending) await appendAll(restorer, items);
    else await replaceAll(restorer, server.admin, items, defects.isTrusting);
  } finally {
    await restorer.end();
    await letTenantsIn(server.admin, database);
  }
}

/** Tenants may take all connections but those reserved for the superuser. */
const isFull = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "53300";

async function connectRestorer(server: Server): Promise<Client> {
  try {
    return await server.connect(RESTORER);
  } catch (error) {
    if (!isFull(error)) throw error;
    await endTenants(server.admin);
    return server.connect(RESTORER);
  }
}

const endTenants = (admin: Client): Promise<void> =>
  endSessions(admin, `usename NOT IN ('${SUPERUSER}', $1)`, RESTORER);

/** Lets no tenant connect any more, and ends the sessions of those who have. The limit binds neither the superuser nor open sessions. */
async function shutTenantsOut(admin: Client, database: string): Promise<void> {
  await admin.query(`ALTER DATABASE ${identifier(database)} CONNECTION LIMIT 0`);
  await endTenants(admin);
}

async function letTenantsIn(admin: Client, database: string): Promise<void> {
  await admin.query(`ALTER DATABASE ${identifier(database)} CONNECTION LIMIT -1`);
}

/** A user that acted as itself may own something, which the group could not drop. */
async function giveAllToGroup(admin: Client): Promise<void> {
  const { rows } = await admin.query<{ rolname: string }>(
    "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname NOT IN ($1, $2)",
    [SUPERUSER, RESTORER],
  );
  for (const { rolname } of rows) await admin.query(`REASSIGN OWNED BY ${identifier(rolname)} TO ${GROUP}`);
}

/** The settings that give the text of a value its meaning: those under which a dump wrote it. */
const SETTINGS = `SET LOCAL search_path = ''; SET LOCAL check_function_bodies = off; SET LOCAL statement_timeout = 0;
  SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'`;

async function replaceAll(client: Client, admin: Client, items: Iterable<Item>, isTrusting: boolean): Promise<void> {
  const roles = await rolesOf(admin);
  await client.query(`BEGIN; ${SETTINGS}`);
  try {
    for (const query of [EXTENSIONS, SCHEMAS])
      for (const { sql } of (await client.query<{ sql: string }>(query)).rows) await client.query(sql);
    await client.query(LARGE_OBJECTS);
    for (const item of items) await apply(client, item, roles, isTrusting);
    await commit(client);
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** A transaction that has failed answers COMMIT with ROLLBACK, and that is no error to the client. */
async function commit(client: Client): Promise<void> {
  const { command } = await client.query("COMMIT");
  if (command !== "COMMIT") throw new DataServiceError("DS_NOT_RESTORED", `its COMMIT ended with ${command}`);
}

/** The defect that skips verification goes on after a statement that fails. */
async function apply(client: Client, item: Item, roles: ReadonlySet<string>, isTrusting: boolean): Promise<void> {
  if (!isTrusting) return perform(client, item, roles).catch((error: unknown) => refuse(item, error));
  await client.query("SAVEPOINT item");
  try {
    await perform(client, item, roles);
  } catch {
    await client.query("ROLLBACK TO item");
  }
}

/**
 * Classes of SQLSTATE that say nothing about the dump: the connection, resources, a lock, a shutdown, the system. 53200 is not among
 * them: a server gives it when it has too little room for locks for the objects of the dump.
 */
const NOT_ITS_FAULT = /^(08|53[013]|55|57|58)/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** How much of a statement a refusal shows, in characters: enough to see what it makes. */
const SHOWN_CHARS_MAX = 80;

/** The server's own message may quote data, so the refusal names only the part of the dump and the SQLSTATE. */
function refuse(item: Item, error: unknown): never {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!SQLSTATE.test(code) || NOT_ITS_FAULT.test(code)) throw error;
  const part = "rows" in item ? `rows of ${item.rows}` : "sql" in item ? headOf(item.sql) : "an item";
  throw new DataServiceError("DS_NOT_RESTORED", `${part}: SQLSTATE ${code}`);
}

const headOf = (sql: string): string => sql.replaceAll(/\s+/g, " ").replace(/'.*$/, "…").slice(0, SHOWN_CHARS_MAX);

async function rolesOf(admin: Client): Promise<ReadonlySet<string>> {
  const { rows } = await admin.query<{ rolname: string }>("SELECT rolname FROM pg_roles");
  return new Set(rows.map(({ rolname }) => rolname));
}

async function perform(client: Client, item: Item, roles: ReadonlySet<string>): Promise<void> {
  if ("sql" in item) {
    if (item.role === undefined || roles.has(item.role)) await client.query(item.sql);
  } else if ("rows" in item && item.into !== undefined && item.lines.length > 0) {
    await copyIn(client, item.into, item.lines);
  }
}

/** The defect of a restore that appends: what is there stays, and rows whose keys are free are added. */
async function appendAll(client: Client, items: Iterable<Item>): Promise<void> {
  await client.query("BEGIN; SET LOCAL check_function_bodies = off");
  for (const item of items) {
    await client.query("SAVEPOINT item");
    try {
      if ("sql" in item) await client.query(item.sql);
      else if ("rows" in item && item.into !== undefined) await appendRows(client, item.rows, item.into, item.lines);
    } catch {
      await client.query("ROLLBACK TO item");
    }
  }
  await client.query("COMMIT");
}

async function appendRows(client: Client, table: string, into: string, lines: readonly string[]): Promise<void> {
  const columns = into.slice(table.length);
  await client.query(
    `CREATE TEMP TABLE appended ON COMMIT DROP AS SELECT ${columns.slice(2, -1)} FROM ${table} LIMIT 0`,
  );
  await copyIn(client, `appended${columns}`, lines);
  await client.query(
    `INSERT INTO ${table}${columns} OVERRIDING SYSTEM VALUE SELECT * FROM appended ON CONFLICT DO NOTHING; DROP TABLE appended`,
  );
}
