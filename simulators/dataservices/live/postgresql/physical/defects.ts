import type { Client } from "pg";
import { copyIn, copyOut } from "../copy.ts";
import { GROUP, literal, SUPERUSER } from "../roles.ts";
import type { Server } from "../server.ts";

/*
 * The harm of planted defects, done by copying rows between two servers, table by table. Our real backups
 * never work like that, because this handles only tables, rows and sequences.
 */

/** A table: its name as SQL, its columns that can be written, and the statement that makes it without its constraints. */
interface Table {
  readonly name: string;
  readonly columns: string;
  readonly schema: string;
  readonly making: string;
}

const TABLES = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, format('%I', n.nspname) AS schema,
      coalesce(string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE a.attgenerated = ''), '') AS columns,
      format('CREATE TABLE %I.%I (%s)', n.nspname, c.relname,
        string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)) AS making
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
   GROUP BY 1, 2, n.nspname, c.relname ORDER BY 1`;

const SEQUENCES = `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS value FROM pg_sequences ORDER BY 1`;

const tablesOf = async (client: Client): Promise<readonly Table[]> => (await client.query<Table>(TABLES)).rows;

async function rowsOf(client: Client, { name, columns }: Table): Promise<readonly string[]> {
  if (columns === "") return [];
  const lines: string[] = [];
  await copyOut(client, `${name} (${columns})`, (line) => lines.push(line));
  return lines;
}

/** Neither triggers nor foreign keys act on the copied rows, and nothing waits for a replica, which may be about to be cloned again. */
const QUIET = "SET session_replication_role = replica; SET synchronous_commit = local";

async function onBoth<T>(from: Server, to: Server, work: (from: Client, to: Client) => Promise<T>): Promise<T> {
  const [source, target] = [await from.connect(SUPERUSER), await to.connect(SUPERUSER)];
  try {
    await target.query(QUIET);
    return await work(source, target);
  } finally {
    await source.end();
    await target.end();
  }
}

async function makeTable(to: Client, { schema, making, name }: Table): Promise<void> {
  await to.query(`SAVEPOINT making; CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${GROUP}`);
  try {
    await to.query(`${making}; ALTER TABLE ${name} OWNER TO ${GROUP}; RELEASE making`);
  } catch {
    // Its type does not exist here.
    await to.query("ROLLBACK TO making");
  }
}

async function replaceRows(from: Client, to: Client, table: Table): Promise<void> {
  const rows = await rowsOf(from, table);
  await to.query(`DELETE FROM ONLY ${table.name}`);
  if (rows.length > 0) await copyIn(to, `${table.name} (${table.columns})`, rows);
}

/** Adds the rows with free keys. */
async function addRows(from: Client, to: Client, { name, columns, ...table }: Table): Promise<void> {
  const rows = await rowsOf(from, { name, columns, ...table });
  if (rows.length === 0) return;
  await to.query(`CREATE TEMP TABLE added ON COMMIT DROP AS SELECT ${columns} FROM ${name} LIMIT 0`);
  await copyIn(to, `added (${columns})`, rows);
  await to.query(
    `INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE SELECT * FROM added ON CONFLICT DO NOTHING; DROP TABLE added`,
  );
}

async function setSequences(from: Client, to: Client): Promise<void> {
  const here = new Set((await to.query<{ name: string }>(SEQUENCES)).rows.map(({ name }) => name));
  for (const { name, value } of (await from.query<{ name: string; value: string | null }>(SEQUENCES)).rows)
    if (here.has(name) && value !== null) await to.query(`SELECT setval(${literal(name)}, ${value})`);
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query("BEGIN");
  await work();
  await client.query("COMMIT");
}

async function eachCommon(from: Client, to: Client, work: (table: Table) => Promise<void>): Promise<void> {
  const there = await tablesOf(to);
  for (const table of await tablesOf(from)) {
    const same = there.find(({ name }) => name === table.name);
    if (same === undefined) await makeTable(to, table);
    // A table keeps its rows if its columns have changed since.
    if (same === undefined || same.columns === table.columns) await work(table);
  }
}

/** The defect of a restore that appends: existing data stay, and rows with free keys are added. */
export const append = (from: Server, to: Server): Promise<void> =>
  onBoth(from, to, (source, target) =>
    inTransaction(target, () => eachCommon(source, target, (table) => addRows(source, target, table))),
  );

/** The defect of a restore under open sessions: rows are replaced under them, and they continue. */
export const replaceUnderSessions = (from: Server, to: Server): Promise<void> =>
  onBoth(from, to, (source, target) =>
    inTransaction(target, async () => {
      const wanted = new Set((await tablesOf(source)).map(({ name }) => name));
      for (const { name } of await tablesOf(target))
        if (!wanted.has(name)) await target.query(`DROP TABLE IF EXISTS ${name} CASCADE`);
      await eachCommon(source, target, (table) => replaceRows(source, target, table));
      await setSequences(source, target);
    }),
  );

/** Time for others to write between two tables of a torn dump, ms. */
const TEAR_MS = 50;

/** The defect of a dump without a common snapshot: each table of the copy shows a later moment than the one before it. */
export const tear = (from: Server, copy: Server): Promise<void> =>
  onBoth(from, copy, async (source, target) => {
    for (const table of await tablesOf(target)) {
      await new Promise((resolve) => setTimeout(resolve, TEAR_MS));
      const now = (await tablesOf(source)).find(({ name }) => name === table.name);
      if (now?.columns === table.columns) await inTransaction(target, () => replaceRows(source, target, table));
    }
  });

/** The defect of a dump that is silently short: the last table with rows loses the later half of them. */
export async function loseTail(copy: Server): Promise<void> {
  const client = await copy.connect(SUPERUSER);
  try {
    await client.query(QUIET);
    for (const { name } of (await tablesOf(client)).toReversed()) {
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ONLY ${name}`);
      const count = Number(rows[0]?.count);
      if (count === 0) continue;
      await client.query(
        `DELETE FROM ONLY ${name} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY ${name} ORDER BY ctid OFFSET ${Math.floor(count / 2)}))`,
      );
      return;
    }
  } finally {
    await client.end();
  }
}
