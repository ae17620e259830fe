import type { Client } from "pg";
import { decode, DUMP_BYTES_MAX, DumpWriter, encode, type Item, tooLarge, withoutTail } from "../../wire/dump.ts";
import { DataServiceError } from "../../wire/errors.ts";
import type { DumpDefects } from "../../behaviour/services.ts";
import { COMMENTS, GRANTS, LARGE_OBJECTS, LARGE_OBJECTS_BYTES, SEQUENCES, TABLES } from "./catalog/attachments.ts";
import { ALIASES, DEPENDENCIES } from "./catalog/dependencies.ts";
import { NODES } from "./catalog/objects.ts";
import { UNCOVERED } from "./catalog/uncovered.ts";
import { copyOut } from "./copy.ts";
import { GROUP, identifier, literal, SUPERUSER } from "./roles.ts";
import type { Server } from "./server.ts";

/** One object of the database, by the statement that makes it again; or the rows of a table. */
interface CatalogNode {
  readonly key: string;
  readonly kind: string;
  /** Of a table with rows. */
  readonly name: string;
  readonly sql: string;
  /** A statement for when everything else is there. */
  readonly after: string | null;
}

/** How long a dump waits for a table that somebody has locked, ms. */
const LOCK_MS_MAX = 30_000;
/** Makes the text of values the same for every reader, and as a restore expects it. */
const SETTINGS = `SET LOCAL search_path = ''; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${LOCK_MS_MAX};
  SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'`;

/**
 * A logical dump of a database, in one repeatable-read snapshot: schemas, trusted extensions, types, domains, functions, tables
 * (partitions, identity, generated columns), sequences with their values, rows, indexes, constraints, views, rules, triggers,
 * policies, statistics, grants, comments, large objects. Owners are left out: the group owns everything. Users are left out:
 * a restore must not bring back who was revoked.
 *
 * It is written here and not left to pg_dump because no embedded package holds one, an older one than the server refuses, and
 * its text needs psql to be restored, with meta-commands that run code of the dump's on the platform's side.
 *
 * @throws DataServiceError DS_NOT_COVERED when the database holds what a dump can't say, DS_DUMP_TOO_LARGE
 */
export async function sqlDump(server: Server, defects: DumpDefects): Promise<Uint8Array> {
  // A session of its own: ending it is the way out of a COPY that has become too long, and of the transaction.
  const client = await server.connect(SUPERUSER);
  try {
    const dump = await dumpIn(client, defects);
    return defects.isShort ? encode("postgresql", withoutTail(decode(dump, "postgresql"))) : dump;
  } finally {
    await client.end();
  }
}

async function dumpIn(client: Client, defects: DumpDefects): Promise<Uint8Array> {
  const { rows } = await client.query<{ names: string | null }>(TABLES);
  await begin(client);
  // The catalog's functions answer as of now, not as of the snapshot: nobody may change a table meanwhile.
  const names = rows[0]?.names;
  if (names && !defects.isTorn) await client.query(`LOCK TABLE ${names} IN ACCESS SHARE MODE`);
  await refuseUncovered(client);
  const writer = new DumpWriter("postgresql");
  await writeItems(client, writer, defects);
  return writer.finish();
}

async function begin(client: Client): Promise<void> {
  await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${SETTINGS}`);
}

/** How many objects a refusal names. */
const NAMED_MAX = 5;

/** @throws DataServiceError DS_NOT_COVERED */
async function refuseUncovered(client: Client): Promise<void> {
  const { rows } = await client.query<{ what: string }>(UNCOVERED);
  if (rows.length === 0) return;
  const named = rows.slice(0, NAMED_MAX).map(({ what }) => what);
  const more = rows.length > NAMED_MAX ? [`${rows.length - NAMED_MAX} more`] : [];
  throw new DataServiceError("DS_NOT_COVERED", [...named, ...more].join(", "));
}

async function writeItems(client: Client, writer: DumpWriter, defects: DumpDefects): Promise<void> {
  const nodes = await orderedNodes(client);
  for (const node of nodes) {
    if (node.kind === "rows") await writeRows(client, writer, node, defects);
    else writer.add({ sql: node.sql });
  }
  for (const item of [
    ...(await largeObjects(client)),
    ...(await sequences(client)),
    ...nodes.flatMap(({ after }) => (after === null ? [] : [{ sql: after }])),
    ...(await comments(client)),
    ...(await grants(client)),
  ])
    writer.add(item);
}

/** Time for others to write between two tables of a torn dump, ms. */
const TEAR_MS = 50;
/** Text of the rows that one item holds, in UTF-16 units; a row is never divided. */
const ITEM_CHARS_MAX = 1024 * 1024;

async function writeRows(
  client: Client,
  writer: DumpWriter,
  { name, sql }: CatalogNode,
  defects: DumpDefects,
): Promise<void> {
  if (defects.isTorn) {
    await client.query("ROLLBACK");
    await new Promise((resolve) => setTimeout(resolve, TEAR_MS));
    await begin(client);
  }
  let lines: string[] = [];
  let chars = 0;
  const flush = (): void => {
    writer.add({ rows: name, into: sql, lines });
    [lines, chars] = [[], 0];
  };
  await copyOut(client, sql, (line) => {
    if (chars + line.length > ITEM_CHARS_MAX && lines.length > 0) flush();
    lines.push(line);
    chars += line.length;
  });
  flush();
}

/** All objects, each after what it needs; among those that are free, by kind and name. */
async function orderedNodes(client: Client): Promise<readonly CatalogNode[]> {
  const nodes = new Map<string, CatalogNode>();
  for (const { kind, query } of NODES) {
    const { rows } = await client.query<Pick<CatalogNode, "key" | "sql"> & Partial<CatalogNode>>(query);
    for (const { key, sql, name = "", after = null } of rows) nodes.set(key, { key, kind, name, sql, after });
  }
  return sortByNeeds(nodes, await needsOf(client, nodes));
}

async function needsOf(
  client: Client,
  nodes: ReadonlyMap<string, CatalogNode>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const aliases = await client.query<{ name: string; key: string }>(ALIASES);
  const madeWith = new Map(aliases.rows.map(({ name, key }) => [name, key]));
  const nodeOf = (name: string): string => (nodes.has(name) ? name : (madeWith.get(name) ?? name));
  const { rows } = await client.query<{ key: string; needs: string }>(DEPENDENCIES);
  const needs = new Map<string, string[]>();
  for (const row of rows) {
    const [key, needed] = [nodeOf(row.key), nodeOf(row.needs)];
    if (key === needed || !nodes.has(key) || !nodes.has(needed)) continue;
    const list = needs.get(key);
    if (list === undefined) needs.set(key, [needed]);
    else list.push(needed);
  }
  return needs;
}

/** @throws DataServiceError DS_NOT_COVERED on a cycle, which only two-step definitions could resolve */
function sortByNeeds(
  nodes: ReadonlyMap<string, CatalogNode>,
  needs: ReadonlyMap<string, readonly string[]>,
): readonly CatalogNode[] {
  const order = new Map([...nodes.keys()].map((key, at) => [key, at]));
  const result: CatalogNode[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (key: string): void => {
    if (state.get(key) === "done") return;
    const node = nodes.get(key);
    if (node === undefined) return;
    if (state.get(key) === "open")
      throw new DataServiceError("DS_NOT_COVERED", `objects that need each other: ${node.sql}`);
    state.set(key, "open");
    for (const each of [...(needs.get(key) ?? [])].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)))
      visit(each);
    state.set(key, "done");
    result.push(node);
  };
  for (const key of nodes.keys()) visit(key);
  return result;
}

/** @throws DataServiceError DS_DUMP_TOO_LARGE before any of them is read */
async function largeObjects(client: Client): Promise<readonly Item[]> {
  const { rows: sizes } = await client.query<{ bytes: string }>(LARGE_OBJECTS_BYTES);
  if (Number(sizes[0]?.bytes) > DUMP_BYTES_MAX) throw tooLarge();
  const { rows } = await client.query<{ sql: string }>(LARGE_OBJECTS);
  return rows.map(({ sql }) => ({ sql }));
}

async function sequences(client: Client): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (const { name } of (await client.query<{ name: string }>(SEQUENCES)).rows) {
    const { rows } = await client.query<{ value: string; called: boolean }>(
      `SELECT last_value::text AS value, is_called AS called FROM ${name}`,
    );
    for (const { value, called } of rows)
      items.push({ sql: `SELECT pg_catalog.setval(${literal(name)}, ${value}, ${called})` });
  }
  return items;
}

/** What COMMENT ON calls the kinds that pg_identify_object names otherwise. */
const COMMENTED: Readonly<Record<string, string>> = {
  "table column": "COLUMN",
  "view column": "COLUMN",
  "materialized view column": "COLUMN",
  "composite type column": "COLUMN",
  "table constraint": "CONSTRAINT",
  "domain constraint": "CONSTRAINT",
  "composite type": "TYPE",
  "statistics object": "STATISTICS",
};

async function comments(client: Client): Promise<readonly Item[]> {
  const { rows } = await client.query<{ type: string; identity: string; description: string }>(COMMENTS);
  return rows.map(({ type, identity, description }) => {
    const target = type === "domain constraint" ? identity.replace(" on ", " ON DOMAIN ") : identity;
    return { sql: `COMMENT ON ${COMMENTED[type] ?? type.toUpperCase()} ${target} IS ${literal(description)}` };
  });
}

interface Grant {
  readonly target: string;
  readonly columns: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
  readonly grantee: string | null;
}

async function grants(client: Client): Promise<readonly Item[]> {
  const { rows } = await client.query<Grant>(GRANTS);
  const targets = [...new Set(rows.filter(({ columns }) => columns === null).map(({ target }) => target))];
  const reset = targets.map((target) => ({ sql: `REVOKE ALL ON ${target} FROM PUBLIC, ${GROUP}` }));
  return [...reset, ...rows.map(grant)];
}

function grant({ target, columns, privilege, grantable, grantee }: Grant): Item {
  const what = columns === null ? privilege : `${privilege} (${columns})`;
  const to = grantee === null ? "PUBLIC" : identifier(grantee);
  const sql = `GRANT ${what} ON ${target} TO ${to}${grantable && grantee !== GROUP ? " WITH GRANT OPTION" : ""}`;
  return grantee === null || grantee === GROUP ? { sql } : { sql, role: grantee };
}
