import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNoServer } from "./binaries.ts";
import { PostgresqlRig } from "./testing/rig.ts";

const whyNot = await whyNoServer();
if (whyNot !== undefined) process.stderr.write(`skipped: shapes of databases on a real server: ${whyNot}\n`);

/** A round trip can be slow under load. */
const TEST_MS_MAX = 120_000;

/**
 * Properties that no row shows: settings of columns and tables, names of constraints, states of rules,
 * collations, versions.
 */
const pictureOf = (schema: string): string => `
  SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || attstorage::text || attcompression::text || coalesce(attstattarget, -1) || coalesce(attoptions::text, '') || attnotnull || attcollation::regcollation AS line
    FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = '${schema}'::regnamespace) AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT 'constraint ' || conrelid::regclass || conname || pg_get_constraintdef(oid) || convalidated || connoinherit || conislocal FROM pg_constraint WHERE connamespace = '${schema}'::regnamespace
  UNION ALL SELECT 'relation ' || oid::regclass || relreplident::text || coalesce(reloptions::text, '') || coalesce((SELECT t.reloptions::text FROM pg_class t WHERE t.oid = c.reltoastrelid), '') FROM pg_class c WHERE relnamespace = '${schema}'::regnamespace
  UNION ALL SELECT 'index ' || indexrelid::regclass || indisclustered || indisreplident FROM pg_index WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = '${schema}'::regnamespace)
  UNION ALL SELECT 'rule ' || rulename || ev_enabled::text FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class WHERE relnamespace = '${schema}'::regnamespace AND rulename <> '_RETURN'
  UNION ALL SELECT 'statistics ' || stxname || coalesce(stxstattarget, -1) FROM pg_statistic_ext WHERE stxnamespace = '${schema}'::regnamespace
  UNION ALL SELECT 'type ' || typname || typcollation::regcollation FROM pg_type WHERE typnamespace = '${schema}'::regnamespace
  UNION ALL SELECT 'default ' || adrelid::regclass || pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_class c ON c.oid = adrelid WHERE relnamespace = '${schema}'::regnamespace
  UNION ALL SELECT 'extension ' || extname || extversion FROM pg_extension WHERE extnamespace = '${schema}'::regnamespace
  UNION ALL SELECT 'large object ' || oid || coalesce(obj_description(oid, 'pg_largeobject'), '') FROM pg_largeobject_metadata
  ORDER BY 1`;

/** A shape: the statements that create it in its own schema, and the query that shows it. */
type Shape = readonly [words: string, sql: string, tells: string];

const KEPT: Readonly<Record<string, string>> = {
  "storage, compression and statistics of columns":
    "CREATE TABLE t (a text, b text); ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET COMPRESSION pglz, ALTER a SET STATISTICS 50, ALTER b SET (n_distinct = 7)",
  "statistics of an index":
    "CREATE TABLE t (a int); CREATE INDEX i ON t ((a + 1)); ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 99",
  "replica identities":
    "CREATE TABLE t (b int NOT NULL); CREATE UNIQUE INDEX u ON t (b); ALTER TABLE t REPLICA IDENTITY USING INDEX u; CREATE TABLE f (a int); ALTER TABLE f REPLICA IDENTITY FULL",
  "the index that a table is clustered on": "CREATE TABLE t (a int PRIMARY KEY); ALTER TABLE t CLUSTER ON t_pkey",
  "options of long values": "CREATE TABLE t (a text) WITH (toast.autovacuum_enabled = false, fillfactor = 70)",
  "rules that are disabled":
    "CREATE TABLE t (a int); CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING; ALTER TABLE t DISABLE RULE r",
  "targets of statistics":
    "CREATE TABLE t (a int, b int); CREATE STATISTICS s ON a, b FROM t; ALTER STATISTICS s SET STATISTICS 77",
  "collations of types":
    'CREATE TYPE c AS (a text COLLATE "C", b int); CREATE DOMAIN d AS text COLLATE "C"; CREATE TABLE t (x d, y c)',
  "NOT NULL of an inheriting table":
    "CREATE TABLE p (a int); CREATE TABLE c () INHERITS (p); ALTER TABLE c ALTER a SET NOT NULL",
  "comments on large objects": "SELECT lo_from_bytea(4712, 'abc'); COMMENT ON LARGE OBJECT 4712 IS 'seen'",
  "defaults of a view": "CREATE TABLE t (a int); CREATE VIEW v AS SELECT * FROM t; ALTER VIEW v ALTER a SET DEFAULT 7",
  "an older version of an extension": "CREATE EXTENSION hstore VERSION '1.7'",
};

/**
 * Things that a logical dump would have to know about, each with a query that shows it and that it works after the restore. `own_schema` stands for
 * its schema.
 */
const UNCOMMON: readonly Shape[] = [
  [
    "a custom aggregate",
    "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int)",
    "SELECT total(x)::text AS line FROM generate_series(1, 4) x",
  ],
  [
    "an operator",
    "CREATE FUNCTION near(int, int) RETURNS bool LANGUAGE sql AS 'SELECT abs($1 - $2) < 2'; CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = near)",
    "SELECT (1 OPERATOR(own_schema.~~~) 2)::text || (1 OPERATOR(own_schema.~~~) 5)::text AS line",
  ],
  [
    "a cast",
    "CREATE TYPE c AS (a int); CREATE FUNCTION f(c) RETURNS int LANGUAGE sql AS 'SELECT $1.a'; CREATE CAST (c AS int) WITH FUNCTION f(c)",
    "SELECT (ROW(7)::own_schema.c::int)::text AS line",
  ],
  [
    "a typed table",
    "CREATE TYPE c AS (a int); CREATE TABLE t OF c; INSERT INTO t VALUES (5)",
    "SELECT reloftype::regtype || a::text AS line FROM pg_class, t WHERE relname = 't' AND relnamespace = 'own_schema'::regnamespace",
  ],
  [
    "a publication",
    "CREATE TABLE t (a int); CREATE PUBLICATION p FOR TABLE t",
    "SELECT pubname || tablename AS line FROM pg_publication_tables",
  ],
  [
    "an ICU collation",
    "CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de-u-co-phonebk'); CREATE TABLE t (a text COLLATE c); INSERT INTO t VALUES ('Göbel'), ('Goethe'), ('Goldmann')",
    "SELECT string_agg(a, ',' ORDER BY a) AS line FROM t",
  ],
  [
    "a text search configuration",
    "CREATE TEXT SEARCH CONFIGURATION mine (COPY = english)",
    "SELECT to_tsvector('own_schema.mine', 'running dogs')::text AS line",
  ],
  [
    "default privileges",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA own_schema GRANT SELECT ON TABLES TO PUBLIC",
    "SELECT defaclobjtype::text || defaclacl::text AS line FROM pg_default_acl",
  ],
  [
    "a range with a collation",
    'CREATE TYPE r AS RANGE (SUBTYPE = text, COLLATION = "C")',
    "SELECT rngcollation::regcollation::text AS line FROM pg_range WHERE rngtypid = 'own_schema.r'::regtype",
  ],
  [
    "a large object with grants",
    "SELECT lo_from_bytea(4713, 'abc'); GRANT SELECT ON LARGE OBJECT 4713 TO PUBLIC",
    "SELECT lomacl::text AS line FROM pg_largeobject_metadata WHERE oid = 4713",
  ],
  [
    "a disabled trigger of a partition",
    `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
     CREATE TRIGGER g BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE p1 DISABLE TRIGGER g`,
    "SELECT tgrelid::regclass::text || tgenabled::text AS line FROM pg_trigger WHERE tgname = 'g' ORDER BY 1",
  ],
];

const SHAPES: readonly Shape[] = [
  ...Object.entries(KEPT).map(([words, sql]): Shape => [words, sql, pictureOf("own_schema")]),
  ...UNCOMMON,
];
const schemaOf = (at: number): string => `shape_${at}`;

describe.skipIf(whyNot !== undefined)("a dump of a database with every shape", { timeout: TEST_MS_MAX }, () => {
  let rig: PostgresqlRig;
  let before: readonly unknown[];
  let emptied: readonly unknown[];
  let after: readonly unknown[];

  const inSchema = (at: number, sql: string): string =>
    `SET search_path = ${schemaOf(at)}, public; ${sql.replaceAll("own_schema", schemaOf(at))}`;
  /** The rows that show each shape; none for a shape that does not exist. */
  const look = (): Promise<readonly unknown[]> =>
    rig.using(async (client) => {
      const seen: unknown[] = [];
      for (const [at, [, , tells]] of SHAPES.entries()) {
        await client.query(inSchema(at, ""));
        seen.push(
          await client.query(tells.replaceAll("own_schema", schemaOf(at))).then(
            ({ rows }) => rows,
            () => [],
          ),
        );
      }
      return seen;
    });

  beforeAll(async () => {
    rig = await PostgresqlRig.open();
    await rig.using(async (client) => {
      for (const [at, [, sql]] of SHAPES.entries())
        await client.query(`CREATE SCHEMA ${schemaOf(at)}; ${inSchema(at, sql)}`);
    });
    before = await look();
    const dump = await rig.dump();
    if (!(dump instanceof Uint8Array)) throw new Error(JSON.stringify(dump));
    await rig.using(async (client) => {
      for (const at of SHAPES.keys()) await client.query(`DROP SCHEMA ${schemaOf(at)} CASCADE`);
      await client.query("SELECT lo_unlink(oid) FROM pg_largeobject_metadata; DROP PUBLICATION IF EXISTS p");
    });
    emptied = await look();
    expect((await rig.restore(dump)).status).toBe(200);
    after = await look();
  }, TEST_MS_MAX);
  afterAll(() => rig.close());

  it.each(SHAPES.map(([words], at) => [words, at] as const))("keeps %s", (_words, at) => {
    expect(before[at]).not.toEqual([]);
    expect(emptied[at]).not.toEqual(before[at]);
    expect(after[at]).toEqual(before[at]);
  });
});
