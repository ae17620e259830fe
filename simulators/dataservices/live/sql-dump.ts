import type { Client } from "pg";
import { encode, type Item, withoutTail } from "../dump.ts";
import { DataServiceError } from "../errors.ts";
import type { DumpDefects } from "../services.ts";
import {
  ALIASES,
  COMMENTS,
  DEPENDENCIES,
  GRANTS,
  LARGE_OBJECTS,
  NODES,
  SEQUENCES,
  TABLES,
  UNCOVERED,
} from "./catalog.ts";
import { copyOut } from "./copy.ts";
import { GROUP, identifier, literal } from "./roles.ts";

/** One object of the database: how it is made again, or the rows of a table. */
interface Node {
  readonly key: string;
  readonly kind: string;
  readonly sql: string;
  /** What must be said once everything else is there. */
  readonly after: string | null;
}

/**
 * A logical dump of a database, in one repeatable-read snapshot: schemas, trusted extensions, types, domains, functions, tables
 * (partitions, identity, generated columns), sequences with their values, rows, indexes, constraints, views, rules, triggers,
 * policies, statistics, grants, comments, large objects. Owners are left out: the group owns everything. Users are left out:
 * a restore must not bring back who was revoked.
 *
 * It is written here and not left to pg_dump because no embedded package holds one, an older one than the server refuses, and
 * its text needs psql to be restored, with meta-commands that run code of the dump's on the platform's side.
 *
 * @throws DataServiceError DS_NOT_SIMULATED when the database holds what a dump does not cover, DS_DUMP_TOO_LARGE
 */
export async function sqlDump(client: Client, defects: DumpDefects): Promise<Uint8Array> {
  const { rows } = await client.query<{ names: string | null }>(TABLES);
  await begin(client);
  try {
    // The catalog's functions answer as of now, not as of the snapshot: nobody may change a table meanwhile.
    const names = rows[0]?.names;
    if (names && !defects.isTorn) await client.query(`LOCK TABLE ${names} IN ACCESS SHARE MODE`);
    const items = await itemsOf(client, defects);
    return encode("postgresql", defects.isShort ? withoutTail(items) : items);
  } finally {
    await client.query("ROLLBACK");
  }
}

async function begin(client: Client): Promise<void> {
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  await client.query("SET LOCAL search_path = ''; SET LOCAL statement_timeout = 0");
}

async function itemsOf(client: Client, defects: DumpDefects): Promise<readonly Item[]> {
  const { rows } = await client.query<{ what: string }>(UNCOVERED);
  if (rows[0] !== undefined) throw new DataServiceError("DS_NOT_SIMULATED", `a dump with ${rows[0].what}`);
  const nodes = await orderedNodes(client);
  const items: Item[] = [];
  for (const node of nodes) items.push(await itemOf(client, node, defects));
  return [
    ...items,
    ...(await statements(client, LARGE_OBJECTS)),
    ...(await sequences(client)),
    ...nodes.flatMap(({ after }) => (after === null ? [] : [{ sql: after }])),
    ...(await comments(client)),
    ...(await grants(client)),
  ];
}

/** Time for others to write between two tables of a torn dump. */
const TEAR_MS = 50;

async function itemOf(client: Client, { kind, sql }: Node, { isTorn }: DumpDefects): Promise<Item> {
  if (kind !== "rows") return { sql };
  if (isTorn) {
    await client.query("ROLLBACK");
    await new Promise((resolve) => setTimeout(resolve, TEAR_MS));
    await begin(client);
  }
  const table = sql.slice(0, sql.lastIndexOf(" ("));
  return { rows: table, into: sql, lines: await copyOut(client, sql) };
}

/** All objects, each after what it needs; among those that are free, by kind and name. */
async function orderedNodes(client: Client): Promise<readonly Node[]> {
  const nodes = new Map<string, Node>();
  for (const { kind, query } of NODES) {
    const { rows } = await client.query<{ key: string; sql: string; after?: string | null }>(query);
    for (const { key, sql, after } of rows) nodes.set(key, { key, kind, sql, after: after ?? null });
  }
  return sorted(nodes, await needsOf(client, nodes));
}

async function needsOf(
  client: Client,
  nodes: ReadonlyMap<string, Node>,
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

/** @throws DataServiceError DS_NOT_SIMULATED on a cycle, which only two-step definitions could resolve */
function sorted(nodes: ReadonlyMap<string, Node>, needs: ReadonlyMap<string, readonly string[]>): readonly Node[] {
  const order = new Map([...nodes.keys()].map((key, at) => [key, at]));
  const result: Node[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (key: string): void => {
    if (state.get(key) === "done") return;
    const node = nodes.get(key);
    if (node === undefined) return;
    if (state.get(key) === "open")
      throw new DataServiceError("DS_NOT_SIMULATED", `a dump with a cycle at: ${node.sql}`);
    state.set(key, "open");
    for (const each of [...(needs.get(key) ?? [])].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)))
      visit(each);
    state.set(key, "done");
    result.push(node);
  };
  for (const key of nodes.keys()) visit(key);
  return result;
}

async function statements(client: Client, query: string): Promise<readonly Item[]> {
  const { rows } = await client.query<{ sql: string }>(query);
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
