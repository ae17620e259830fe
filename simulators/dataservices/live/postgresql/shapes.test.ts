import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNoServer } from "./binaries.ts";
import { PostgresqlRig } from "./testing/rig.ts";

const whyNot = await whyNoServer();
if (whyNot !== undefined) process.stderr.write(`skipped: shapes of databases on a real server: ${whyNot}\n`);

/** Under load a round trip takes its time. */
const TEST_MS_MAX = 120_000;

const EMPTY = `DROP SCHEMA IF EXISTS shared CASCADE; CREATE SCHEMA shared; SELECT lo_unlink(oid) FROM pg_largeobject_metadata;
  DROP EXTENSION IF EXISTS hstore; DROP PUBLICATION IF EXISTS p; ALTER DEFAULT PRIVILEGES IN SCHEMA shared REVOKE SELECT ON TABLES FROM PUBLIC`;

/** What no row shows: settings of columns and tables, names of constraints, states of rules, collations, versions. */
const PICTURE = `
  SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || attstorage::text || attcompression::text || coalesce(attstattarget, -1) || coalesce(attoptions::text, '') || attnotnull || attcollation::regcollation AS line
    FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'shared'::regnamespace) AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT 'constraint ' || conrelid::regclass || conname || pg_get_constraintdef(oid) || convalidated || connoinherit || conislocal FROM pg_constraint WHERE connamespace = 'shared'::regnamespace
  UNION ALL SELECT 'relation ' || oid::regclass || relreplident::text || coalesce(reloptions::text, '') || coalesce((SELECT t.reloptions::text FROM pg_class t WHERE t.oid = c.reltoastrelid), '') FROM pg_class c WHERE relnamespace = 'shared'::regnamespace
  UNION ALL SELECT 'index ' || indexrelid::regclass || indisclustered || indisreplident FROM pg_index WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'shared'::regnamespace)
  UNION ALL SELECT 'rule ' || rulename || ev_enabled::text FROM pg_rewrite WHERE oid >= 16384 AND rulename <> '_RETURN'
  UNION ALL SELECT 'statistics ' || stxname || coalesce(stxstattarget, -1) FROM pg_statistic_ext
  UNION ALL SELECT 'type ' || typname || typcollation::regcollation FROM pg_type WHERE typnamespace = 'shared'::regnamespace
  UNION ALL SELECT 'default ' || adrelid::regclass || pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid >= 16384
  UNION ALL SELECT 'extension ' || extname || extversion FROM pg_extension
  UNION ALL SELECT 'large object ' || oid || coalesce(obj_description(oid, 'pg_largeobject'), '') FROM pg_largeobject_metadata
  ORDER BY 1`;

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

/** Things that a logical dump would have to know about, each with a query that shows it, and that it works after the restore. */
const UNCOMMON: readonly (readonly [words: string, sql: string, tells: string])[] = [
  [
    "a custom aggregate",
    "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int)",
    "SELECT total(x)::text AS line FROM generate_series(1, 4) x",
  ],
  [
    "an operator",
    "CREATE FUNCTION near(int, int) RETURNS bool LANGUAGE sql AS 'SELECT abs($1 - $2) < 2'; CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = near)",
    "SELECT (1 OPERATOR(shared.~~~) 2)::text || (1 OPERATOR(shared.~~~) 5)::text AS line",
  ],
  [
    "a cast",
    "CREATE TYPE c AS (a int); CREATE FUNCTION f(c) RETURNS int LANGUAGE sql AS 'SELECT $1.a'; CREATE CAST (c AS int) WITH FUNCTION f(c)",
    "SELECT (ROW(7)::shared.c::int)::text AS line",
  ],
  [
    "a typed table",
    "CREATE TYPE c AS (a int); CREATE TABLE t OF c; INSERT INTO t VALUES (5)",
    "SELECT reloftype::regtype || a::text AS line FROM pg_class, t WHERE relname = 't'",
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
    "SELECT to_tsvector('shared.mine', 'running dogs')::text AS line",
  ],
  [
    "default privileges",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA shared GRANT SELECT ON TABLES TO PUBLIC",
    "SELECT defaclobjtype::text || defaclacl::text AS line FROM pg_default_acl",
  ],
  [
    "a range with a collation",
    'CREATE TYPE r AS RANGE (SUBTYPE = text, COLLATION = "C")',
    "SELECT rngcollation::regcollation::text AS line FROM pg_range WHERE rngtypid = 'shared.r'::regtype",
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

/** Only every n-th of the common ones is tried, because a copy of the server's files knows nothing of shapes. `DRYDOCK_SHAPES=all` tries all of them. */
const EVERY = process.env.DRYDOCK_SHAPES === "all" ? 1 : 8;

describe.skipIf(whyNot !== undefined)("a dump", { timeout: TEST_MS_MAX }, () => {
  let rig: PostgresqlRig;
  beforeAll(async () => {
    rig = await PostgresqlRig.open();
  }, TEST_MS_MAX);
  afterAll(() => rig.close());

  const make = (sql: string): Promise<unknown> => rig.using((client) => client.query(`${EMPTY}; ${sql}`));
  const picture = (): Promise<readonly string[]> =>
    rig.using(async (client) => (await client.query<{ line: string }>(PICTURE)).rows.map(({ line }) => line));

  it.each(Object.entries(KEPT).filter((_case, at) => at % EVERY === 0))("keeps %s", async (_words, sql) => {
    await make(sql);
    const held = await picture();
    const dump = await rig.dump();
    if (!(dump instanceof Uint8Array)) throw new Error(JSON.stringify(dump));
    await make("");
    expect((await rig.restore(dump)).status).toBe(200);
    expect(await picture()).toEqual(held);
  });

  it.each(UNCOMMON)("keeps %s", async (_words, sql, tells) => {
    const lines = (): Promise<readonly unknown[]> => rig.using(async (client) => (await client.query(tells)).rows);
    await make(sql);
    const held = await lines();
    expect(held).not.toEqual([]);
    const dump = await rig.dump();
    if (!(dump instanceof Uint8Array)) throw new Error(JSON.stringify(dump));
    await make("");
    expect(await lines().catch(() => [])).not.toEqual(held);
    expect((await rig.restore(dump)).status).toBe(200);
    expect(await lines()).toEqual(held);
  });
});
