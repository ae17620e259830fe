import type { Client } from "pg";

/** The tables of the tenant, as SQL names them. */
const TABLES = `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname = 'shared' ORDER BY 1`;

/** Columns, keys, types and sequences, a line each. */
const SHAPES = `
  SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || attnotnull || attidentity::text AS line
    FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'shared'::regnamespace) AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT 'key ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'shared'::regnamespace
  UNION ALL SELECT 'enum ' || enumtypid::regtype || ' ' || string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum GROUP BY enumtypid
  UNION ALL SELECT 'sequence ' || sequencename || ' ' || coalesce(last_value, -1) FROM pg_sequences WHERE schemaname = 'shared'
  ORDER BY 1`;

/**
 * The digest of a table: the number of rows, and sums of both halves of each row's MD5, which depend on every
 * value but not on the order of rows.
 */
const rowsOf = (table: string): string => `
  SELECT count(*) || ' rows ' || coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0) || ' ' || coalesce(sum(('x' || right(h, 16))::bit(64)::bigint::numeric), 0) AS digest
    FROM (SELECT md5(t::text) AS h FROM ${table} t) hashed`;

/**
 * The contents of a database, by line, computed by the server's own SQL, so that it shares nothing with the
 * code that copies rows out.
 */
export async function digestOf(client: Client): Promise<readonly string[]> {
  const tables = await client.query<{ name: string }>(TABLES);
  const lines: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ digest: string }>(rowsOf(name));
    lines.push(`${name} ${rows[0]?.digest}`);
  }
  const shapes = await client.query<{ line: string }>(SHAPES);
  return [...lines, ...shapes.rows.map(({ line }) => line)];
}

/** Bytes of all rows as text. */
export async function bytesIn(client: Client): Promise<number> {
  const tables = await client.query<{ name: string }>(TABLES);
  let bytes = 0;
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ bytes: string }>(
      `SELECT coalesce(sum(octet_length(t::text)), 0) AS bytes FROM ${name} t`,
    );
    bytes += Number(rows[0]?.bytes);
  }
  return bytes;
}
