import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WallDriver, wallNowMs } from "../../kernel/edge/drive.ts";
import { basicHeader, Kernel } from "../../kernel/index.ts";
import { createDataServices, type DataServices } from "../index.ts";
import { AGENT } from "../testing.ts";
import { sliceOf } from "../../../scripts/tests/slice.ts";
import { serverOwner } from "./owner.ts";
import { findBinaries } from "./postgresql/binaries.ts";
import { LivePlane } from "./index.ts";

/** Addresses of this process alone: two runs of the tests at once do not meet. */
const NET = `127.${130 + ((process.pid >> 8) % 100)}.${process.pid % 256}`;
const VM = `${NET}.5`;
const OTHER = `${NET}.6`;
const run = promisify(execFile);

const whyNot = await serverOwner()
  .then((owner) => findBinaries(owner, tmpdir()))
  .then(
    () => undefined,
    (error: Error) => error.message,
  );
if (whyNot !== undefined) process.stderr.write(`skipped: the live data plane: ${whyNot}\n`);
const hasPsql = await run("psql", ["--version"]).then(
  () => true,
  () => false,
);
if (!hasPsql) process.stderr.write("skipped: psql against the live data plane: no psql on the PATH\n");

const ENDED = /terminat|not queryable|ECONNRESET/;

interface Login {
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly source?: string;
  readonly port?: number;
}

describe.skipIf(whyNot !== undefined)("the live data plane", () => {
  let kernel: Kernel;
  let driver: WallDriver;
  let services: DataServices;
  let plane: LivePlane;
  const troubles: unknown[] = [];
  let admits: (source: string, address: string) => boolean = () => true;

  const boot = (address: string, dep: string, index = 0): void => {
    const properties = { database: dep, port: 5432, max_connections: 40, agent: AGENT };
    const order = { kind: "postgresql", address, deployment: dep, index, bootstrap: index === 0 } as const;
    services.start({ ...order, disk: `disk-${address}`, properties });
  };
  const ask = (method: string, address: string, path: string, body?: string | Uint8Array): Promise<Response> =>
    fetch(`http://${address}:${AGENT.port}${path}`, {
      method,
      headers: { authorization: basicHeader(AGENT.username, AGENT.password) },
      ...(body !== undefined && { body }),
    });
  const put = (address: string, user: string, password = "p1"): Promise<Response> =>
    ask("PUT", address, `/v1/credentials/${user}`, JSON.stringify({ password }));
  const open = async (address: string, login: Login = {}): Promise<pg.Client> => {
    const { user = "u1", password = "p1", database = address === VM ? "d1" : "d2" } = login;
    const client = new pg.Client({ host: address, port: 5432, user, password, database, ssl: false });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const using = async <T>(address: string, work: (client: pg.Client) => Promise<T>, login?: Login): Promise<T> => {
    const client = await open(address, login);
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => {});
    }
  };
  const query = (address: string, sql: string, login?: Login): Promise<Record<string, unknown>[]> =>
    using(address, async (client) => (await client.query(sql)).rows as Record<string, unknown>[], login);
  const dumpOf = async (address: string): Promise<Uint8Array> => {
    const reply = await ask("POST", address, "/v1/dumps");
    if (reply.status !== 200) throw new Error(await reply.text());
    return new Uint8Array(await reply.arrayBuffer());
  };
  const restore = async (address: string, dump: Uint8Array): Promise<unknown> => {
    const reply = await ask("POST", address, "/v1/restores", dump);
    return [reply.status, await reply.json()];
  };
  const RESTORED = [200, { restored: true }];

  beforeAll(async () => {
    kernel = new Kernel({ startMs: wallNowMs(), pace: "instant" });
    driver = new WallDriver(kernel);
    services = createDataServices(kernel, { admits: (source, address) => admits(source, address) });
    plane = await LivePlane.open({
      services,
      driver,
      enginesMax: 3,
      recheckMs: 20,
      onTrouble: (_address, error) => troubles.push(error),
    });
    boot(VM, "d1");
    boot(OTHER, "d2");
    await plane.settle();
    for (const address of [VM, OTHER]) await put(address, "u1", address === VM ? "p1" : "p2");
  });
  afterAll(async () => {
    await plane.close();
    driver.stop();
    expect(troubles).toEqual([]);
    const own = readdirSync(tmpdir()).filter((name) => name.startsWith(`drydock-data-${process.pid}-`));
    // The templates of servers stay for the next plane, until the process ends.
    expect(own.filter((name) => !name.includes("-postgresql-"))).toEqual([]);
  });

  it("starts a server with the first connection, not before", async () => {
    expect(plane.running).toBe(0);
    expect(await query(VM, "SELECT current_database() AS db, current_user AS who, session_user AS me")).toEqual([
      { db: "d1", who: "cfuser", me: "u1" },
    ]);
    expect(plane.running).toBe(1);
  });

  it("admits only the users of the instance, and only to its database", async () => {
    await expect(open(VM, { password: "p2" })).rejects.toMatchObject({ code: "28P01" });
    await expect(open(VM, { user: "nobody" })).rejects.toMatchObject({ code: "28000" });
    await expect(open(VM, { user: "drydock", password: "" })).rejects.toThrow(/password|28P01/);
    await expect(open(VM, { user: "cfuser" })).rejects.toMatchObject({ code: "28P01" });
    for (const database of ["postgres", "template1", "d2"])
      await expect(open(VM, { database })).rejects.toMatchObject({ code: "28000" });
    await expect(open(OTHER)).rejects.toMatchObject({ code: "28P01" });
  });

  it("gives users no power over the server or each other's databases", async () => {
    const roles = await query(
      VM,
      `SELECT rolname FROM pg_roles WHERE pg_has_role('u1', oid, 'MEMBER') AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)`,
    );
    expect(roles).toEqual([]);
    const forbidden = [
      "CREATE ROLE evil LOGIN",
      "CREATE DATABASE evil",
      "COPY (SELECT 1) TO PROGRAM 'id'",
      "SELECT pg_read_file('/etc/passwd')",
      "SELECT lo_import('/etc/passwd')",
      "SET ROLE drydock",
      "CREATE EXTENSION dblink",
      "ALTER SYSTEM SET fsync = on",
      "DROP DATABASE d1",
      "GRANT cfuser TO drydock",
    ];
    for (const sql of forbidden)
      await expect(query(VM, sql)).rejects.toThrow(/permission denied|must be owner|superuser|admin option/i);
  });

  it("resets clients by their source address, and cuts those that are no longer admitted", async () => {
    admits = (source) => source !== "127.0.0.9";
    const { connect } = await import("node:net");
    const socket = connect({ host: VM, port: 5432, localAddress: "127.0.0.9" });
    const outcome = await new Promise((resolve) => {
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      socket.once("data", () => resolve("data"));
      socket.once("end", () => resolve("end"));
      // The reset may come before there is anything to read.
      socket.once("connect", () => socket.write("x"));
    });
    expect(["ECONNRESET", "EPIPE"]).toContain(outcome);
    const client = await open(VM);
    admits = () => false;
    plane.recheck();
    await expect(client.query("SELECT pg_sleep(5)")).rejects.toThrow(ENDED);
    admits = () => true;
    expect(await query(VM, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("ends the sessions of a deleted user, and keeps what it created", async () => {
    expect((await put(VM, "u2", "p9")).status).toBe(201);
    const client = await open(VM, { user: "u2", password: "p9" });
    await client.query("CREATE TABLE by_u2 AS SELECT 1 AS x; RESET ROLE; CREATE TEMP TABLE own (x int)");
    expect((await ask("DELETE", VM, "/v1/credentials/u2")).status).toBe(200);
    await expect(client.query("SELECT 1")).rejects.toThrow(ENDED);
    await expect(open(VM, { user: "u2", password: "p9" })).rejects.toMatchObject({ code: "28000" });
    expect(await query(VM, "SELECT x FROM by_u2")).toEqual([{ x: 1 }]);
    await query(VM, "DROP TABLE by_u2");
  });

  it("changes a password at once", async () => {
    expect((await put(VM, "u1", "new")).status).toBe(200);
    await expect(open(VM)).rejects.toMatchObject({ code: "28P01" });
    expect((await put(VM, "u1", "p1")).status).toBe(200);
    expect(await query(VM, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it.skipIf(!hasPsql)("satisfies psql", async () => {
    const { stdout } = await run("psql", [
      `postgres://u1:p1@${VM}:5432/d1`,
      "-Atc",
      "CREATE TABLE by_psql (id serial PRIMARY KEY, name text); INSERT INTO by_psql (name) VALUES ('Jürgen'); SELECT * FROM by_psql",
    ]);
    expect(stdout).toContain("1|Jürgen");
    await query(VM, "DROP TABLE by_psql");
  });

  describe("dump and restore", () => {
    const FIXTURE = `
      CREATE EXTENSION pgcrypto; CREATE EXTENSION citext;
      CREATE SCHEMA "Übrig"; CREATE TYPE mood AS ENUM ('sad', 'o''k', 'happy'); CREATE DOMAIN posint AS int DEFAULT 7 CONSTRAINT pos CHECK (VALUE > 0);
      CREATE TYPE pair AS (a int, b text); CREATE TYPE span AS RANGE (SUBTYPE = float8);
      CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x * 2';
      CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.note := coalesce(NEW.note, '') || '!'; RETURN NEW; END $f$;
      CREATE TABLE everything (id bigserial PRIMARY KEY, t text, n numeric(30, 10), f float8, r real, b bytea, j jsonb, js json, u uuid DEFAULT gen_random_uuid(), ts timestamptz, d date, iv interval,
        a int[], aa text[], m mood, p posint, pr pair, sp span, ip inet, bo boolean, ch char(5), ci citext, bits varbit, x xml, dbl int GENERATED ALWAYS AS (twice(7)) STORED, note text, "Sel""ect" int);
      INSERT INTO everything (t, n, f, r, b, j, js, ts, d, iv, a, aa, m, p, pr, sp, ip, bo, ch, ci, bits, "Sel""ect") VALUES
        (E'tab\\t nl\\n cr\\r back\\\\slash "q" ''s'' \\\\. \\\\N', 12345678901234567890.0123456789, 0.1::float8 + 0.2, 'NaN', '\\xdeadbeef00', '{"ä": [1, null, "表"]}', '{"b":1,  "a":2}', '2026-01-01 12:34:56.789012+05', 'infinity', '1 year 2 days 03:04:05.678',
         '{1,NULL,3}', ARRAY['a,b', NULL, '', 'NULL'], 'o''k', 3, '(1,"x y")', '[1.5,2.5)', '10.0.0.1/24', true, 'ab', 'CaSe', '1010', 1),
        ('😀 日本語 עברית', NULL, 'Infinity', NULL, '', 'null', NULL, NULL, NULL, NULL, '{}', '{}', NULL, NULL, NULL, 'empty', NULL, NULL, NULL, NULL, NULL, NULL), (repeat('größer', 40000), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
      CREATE INDEX lower_t ON everything (lower(left(t, 20))) WHERE id > 0; CREATE UNIQUE INDEX ON everything (u); CREATE STATISTICS stat (dependencies) ON d, bo FROM everything;
      CREATE TABLE child (id int GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 5) PRIMARY KEY, parent bigint NOT NULL REFERENCES everything ON DELETE CASCADE, qty int DEFAULT twice(4) CONSTRAINT some_of CHECK (qty > 0), UNIQUE (parent, qty));
      INSERT INTO child (parent) VALUES (1), (2); CREATE TABLE "Übrig"."Größe" ("id" int, CONSTRAINT "no two" EXCLUDE USING btree (id WITH =));
      CREATE TABLE measured (at date NOT NULL, v int) PARTITION BY RANGE (at); CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); CREATE TABLE measured_rest PARTITION OF measured DEFAULT;
      ALTER TABLE measured ADD PRIMARY KEY (at); CREATE INDEX on_v ON measured (v); INSERT INTO measured VALUES ('2026-01-05', 1), ('2027-01-01', 2);
      CREATE TABLE base (x int); CREATE TABLE derived (y int) INHERITS (base); INSERT INTO derived VALUES (1, 2); INSERT INTO base VALUES (9);
      CREATE SEQUENCE loose START 5 INCREMENT 3 CYCLE MAXVALUE 500; SELECT nextval('loose'), nextval('loose'); CREATE SEQUENCE untouched;
      CREATE VIEW totals AS SELECT e.id, e.t, count(c.id) AS children FROM everything e LEFT JOIN child c ON c.parent = e.id GROUP BY e.id; CREATE VIEW over_totals WITH (security_barrier) AS SELECT * FROM totals WHERE children > 0;
      CREATE MATERIALIZED VIEW counted AS SELECT sum(children) AS s FROM over_totals; CREATE UNIQUE INDEX counted_s ON counted (s);
      CREATE FUNCTION of_view() RETURNS SETOF totals LANGUAGE sql AS 'SELECT * FROM shared.totals'; CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1';
      CREATE TRIGGER stamped BEFORE INSERT ON everything FOR EACH ROW EXECUTE FUNCTION stamp(); CREATE TRIGGER off BEFORE UPDATE ON everything FOR EACH ROW EXECUTE FUNCTION stamp(); ALTER TABLE everything DISABLE TRIGGER off;
      CREATE RULE quiet AS ON DELETE TO base DO INSTEAD NOTHING; ALTER TABLE child ENABLE ROW LEVEL SECURITY; CREATE POLICY seen ON child FOR SELECT TO PUBLIC USING (qty > 1);
      COMMENT ON TABLE everything IS 'it''s all'; COMMENT ON COLUMN everything.t IS 'text'; COMMENT ON CONSTRAINT some_of ON child IS 'check'; COMMENT ON FUNCTION twice(int) IS 'doubles';
      GRANT SELECT ON everything TO PUBLIC; GRANT UPDATE (t) ON everything TO u1; REVOKE EXECUTE ON FUNCTION twice(int) FROM PUBLIC; SELECT lo_from_bytea(4711, '\\x0102');
    `;
    /** Catalog and content as text, by which states can be compared. */
    const PICTURE = `
      SELECT table_schema || '.' || table_name || '.' || column_name || ' ' || data_type || coalesce(column_default, '') || is_nullable || is_identity || coalesce(generation_expression, '') AS x FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
      UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname NOT LIKE 'pg_%'
      UNION ALL SELECT conrelid::regclass::text || conname || pg_get_constraintdef(oid) || coalesce(obj_description(oid), '') FROM pg_constraint WHERE connamespace <> 11 AND contype <> 'n'
      UNION ALL SELECT viewname || definition FROM pg_views WHERE schemaname NOT LIKE 'pg_%' AND schemaname <> 'information_schema'
      UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
      UNION ALL SELECT extname::text || extnamespace::regnamespace FROM pg_extension
      UNION ALL SELECT relname::text || relkind::text || relrowsecurity || coalesce(relacl::text, '') || relowner::regrole::text || coalesce(obj_description(oid, 'pg_class'), '') || coalesce(reloptions::text, '') FROM pg_class WHERE oid >= 16384 AND relkind <> 't' AND relnamespace::regnamespace::text NOT LIKE 'pg_%'
      UNION ALL SELECT attrelid::regclass::text || attname || attacl::text FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid >= 16384
      UNION ALL SELECT proname::text || prosrc || coalesce(proacl::text, '') || coalesce(obj_description(oid, 'pg_proc'), '') FROM pg_proc WHERE oid >= 16384 AND pronamespace = 'shared'::regnamespace AND prolang <> 13
      UNION ALL SELECT polname::text || pg_get_expr(polqual, polrelid) FROM pg_policy UNION ALL SELECT rulename || definition FROM pg_rules WHERE schemaname = 'shared'
      UNION ALL SELECT sequencename || coalesce(last_value, -1) || increment_by || max_value || cycle FROM pg_sequences UNION ALL SELECT oid::text || lo_get(oid)::text FROM pg_largeobject_metadata
      UNION ALL SELECT 'e ' || e::text FROM everything e UNION ALL SELECT 'm ' || tableoid::regclass || m::text FROM measured m UNION ALL SELECT 'b ' || tableoid::regclass || b::text FROM base b UNION ALL SELECT 'c ' || c::text FROM child c UNION ALL SELECT 'mv ' || c::text FROM counted c
      ORDER BY 1`;
    const picture = async (): Promise<unknown[]> => (await query(VM, PICTURE)).map(({ x }) => x);
    let dump: Uint8Array;
    let held: unknown[];

    beforeAll(async () => {
      await query(VM, FIXTURE);
      await query(OTHER, "CREATE TABLE mine AS SELECT 42 AS x", { password: "p2" });
      dump = await dumpOf(VM);
      held = await picture();
    });

    it("brings back everything: types, unicode, NULL, big rows, indexes, sequences, grants", async () => {
      expect(held.length).toBeGreaterThan(100);
      await query(
        VM,
        `UPDATE everything SET t = 'changed'; DROP VIEW totals CASCADE; ALTER TABLE child ADD extra int; SELECT nextval('loose');
        DROP TABLE measured; CREATE TABLE later (x int); CREATE SCHEMA more; DROP EXTENSION citext CASCADE; SELECT lo_unlink(4711)`,
      );
      expect(await picture().catch(() => [])).not.toEqual(held);
      expect(await restore(VM, dump)).toEqual(RESTORED);
      expect(await picture()).toEqual(held);
      expect(await query(VM, "SELECT nextval('loose')::int AS loose, nextval('untouched')::int AS untouched")).toEqual([
        { loose: 11, untouched: 1 },
      ]);
      expect(await query(VM, "INSERT INTO child (parent) VALUES (3) RETURNING id, qty")).toEqual([{ id: 110, qty: 8 }]);
    });

    it("ends open sessions, idle, in a transaction and at work", async () => {
      const clients = await Promise.all([open(VM), open(VM), open(VM)]);
      await clients[1]?.query("BEGIN; DELETE FROM child");
      const atWork = clients[2]?.query("SELECT pg_sleep(30)").catch((error: { code: string }) => error.code);
      expect(await restore(VM, dump)).toEqual(RESTORED);
      expect(await atWork).toBe("57P01");
      for (const client of clients) await expect(client.query("SELECT 1")).rejects.toThrow(ENDED);
      expect(await picture()).toEqual(held);
    });

    it("leaves the neighbour and revoked users as they are", async () => {
      await put(VM, "u3");
      const withUser = await dumpOf(VM);
      await ask("DELETE", VM, "/v1/credentials/u3");
      expect(await restore(VM, withUser)).toEqual(RESTORED);
      await expect(open(VM, { user: "u3" })).rejects.toMatchObject({ code: "28000" });
      expect(await query(OTHER, "SELECT x FROM mine", { password: "p2" })).toEqual([{ x: 42 }]);
    });

    it("refuses a damaged or foreign dump before it touches anything", async () => {
      const client = await open(VM);
      const damaged = Uint8Array.from(dump);
      damaged[damaged.length - 100] = (damaged[damaged.length - 100] ?? 0) ^ 1;
      for (const bytes of [damaged, dump.subarray(0, dump.length - 10), new Uint8Array([1, 2, 3])])
        expect((await ask("POST", VM, "/v1/restores", bytes)).status).toBe(422);
      expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
      await client.end();
    });

    it("gives code in a dump no more than a tenant's rights", async () => {
      await query(
        OTHER,
        `CREATE FUNCTION climb(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN
           BEGIN EXECUTE 'RESET ROLE'; EXECUTE 'SET SESSION AUTHORIZATION DEFAULT'; EXECUTE 'ALTER ROLE u1 SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END; RETURN x; END $f$;
         CREATE TABLE trap (x int, y int GENERATED ALWAYS AS (climb(x)) STORED); INSERT INTO trap VALUES (1); CREATE INDEX ON trap (climb(x))`,
        { password: "p2" },
      );
      expect(await restore(OTHER, await dumpOf(OTHER))).toEqual(RESTORED);
      const roles = await query(OTHER, "SELECT rolname FROM pg_roles WHERE rolsuper", { password: "p2" });
      expect(roles).toEqual([{ rolname: "drydock" }]);
    });

    /** Writes rows for as long as a dump is being made, into the table that it reads last. */
    const writeDuring = async (dumping: Promise<unknown>): Promise<void> => {
      let isDone = false;
      void dumping.finally(() => (isDone = true));
      for (let written = 0; !isDone; written++)
        await query(VM, `INSERT INTO measured VALUES (date '2030-01-01' + ${written}, 1)`);
    };

    const plant = (point: string): number =>
      kernel.faults.arm({ point: `dataservice:${point}`, effect: { kind: "error", message: "planted" } });
    const MARKED = "INSERT INTO measured VALUES ('2028-01-01', 3), ('2028-01-02', 4)";
    /** The harm of each planted defect. `npm test` also plants all of them in process. */
    const HARMS: readonly (readonly [string, () => Promise<void>])[] = [
      [
        "dump lost-tail",
        async () => {
          await query(VM, MARKED);
          plant("dump lost-tail");
          expect(await restore(VM, await dumpOf(VM))).toEqual(RESTORED);
          expect(await query(VM, "SELECT v FROM measured WHERE at >= '2028-01-01'")).toHaveLength(0);
        },
      ],
      [
        "dump torn-snapshot",
        async () => {
          plant("dump torn-snapshot");
          const torn = dumpOf(VM);
          await writeDuring(torn);
          expect(await restore(VM, await torn)).toEqual(RESTORED);
          // A sound dump shows the state at its beginning.
          expect(await query(VM, "SELECT v FROM measured WHERE at >= '2030-01-01'")).not.toHaveLength(0);
        },
      ],
      [
        "restore keep-sessions",
        async () => {
          plant("restore keep-sessions");
          const client = await open(VM);
          await query(VM, "INSERT INTO base VALUES (77)");
          expect(await restore(VM, dump)).toEqual(RESTORED);
          expect((await client.query("SELECT x FROM base WHERE x = 77")).rows).toEqual([]);
          await client.end();
        },
      ],
      [
        "restore append",
        async () => {
          await query(VM, "INSERT INTO base VALUES (1000); CREATE TABLE later (x int)");
          plant("restore append");
          expect(await restore(VM, dump)).toEqual(RESTORED);
          expect(await query(VM, "SELECT x FROM base WHERE x = 1000")).toHaveLength(1);
        },
      ],
      [
        "restore wrong-neighbour",
        async () => {
          plant("restore wrong-neighbour");
          expect(await restore(VM, dump)).toEqual(RESTORED);
          await expect(query(OTHER, "SELECT x FROM mine", { password: "p2" })).rejects.toThrow(/mine/);
        },
      ],
      [
        "restore skip-verification",
        async () => {
          plant("restore skip-verification");
          expect(await restore(VM, dump.subarray(0, Math.floor(dump.length * 0.6)))).toEqual(RESTORED);
          expect(await picture().catch(() => [])).not.toEqual(held);
        },
      ],
    ];
    it.each(sliceOf(HARMS, 3))('does the harm of the planted defect "%s" on the real server as well', (_point, harm) =>
      harm(),
    );
  });

  it("refuses and breaks as many connections as a fault rule demands", async () => {
    const match = { address: VM };
    kernel.faults.arm({ point: "dataservice:connect", match, effect: { kind: "error", message: "planted" } });
    kernel.faults.arm({ point: "dataservice:connect", match, effect: { kind: "reset" } });
    await expect(query(VM, "SELECT 1")).rejects.toMatchObject({ code: "53300" });
    await expect(query(VM, "SELECT 1")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await query(VM, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("breaks the connection to an agent as its fault says, and serves the next", async () => {
    const point = "dataservice-agent:GET /v1/status";
    kernel.faults.arm({ point, effect: { kind: "reset" } });
    kernel.faults.arm({ point, effect: { kind: "truncate", bytes: 3 } });
    await expect(ask("GET", VM, "/v1/status")).rejects.toThrow("fetch failed");
    await expect(ask("GET", VM, "/v1/status").then((reply) => reply.text())).rejects.toThrow("terminated");
    expect((await ask("GET", VM, "/v1/status")).status).toBe(200);
  });

  it("copies users and data to the disk that replaces another", async () => {
    const address = `${NET}.9`;
    boot(address, "d9");
    await plane.settle();
    expect((await put(address, "u1")).status).toBe(201);
    await using(address, (client) => client.query("create table moved as select 7 as n"), { database: "d9" });
    services.stop(address, "postgresql");
    services.copyDisk(`disk-${address}`, "disk-larger");
    services.destroyDisk(`disk-${address}`);
    const properties = { database: "d9", port: 5432, max_connections: 40, agent: AGENT };
    const order = { kind: "postgresql", address, deployment: "d9", index: 0, bootstrap: true } as const;
    services.start({ ...order, disk: "disk-larger", properties });
    await plane.settle();
    const found = await using(address, (client) => client.query("select n from moved"), { database: "d9" });
    expect(found.rows).toEqual([{ n: 7 }]);
    services.stop(address, "postgresql");
    services.destroyDisk("disk-larger");
  });

  it("keeps the data with the disk when the VM is recreated, and forgets it with the disk", async () => {
    await query(VM, "CREATE TABLE kept AS SELECT 7 AS x");
    services.stop(VM, "postgresql");
    await plane.settle();
    await expect(open(VM)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    boot(VM, "d1");
    await plane.settle();
    expect(await query(VM, "SELECT x FROM kept")).toEqual([{ x: 7 }]);
    services.stop(VM, "postgresql");
    services.destroyDisk(`disk-${VM}`);
    await plane.settle();
    boot(VM, "d1");
    await plane.settle();
    await put(VM, "u1");
    await expect(query(VM, "SELECT x FROM kept")).rejects.toThrow(/kept/);
  });

  it("runs no more servers than its limit: an idle one makes room, otherwise the client is refused", async () => {
    const addresses = [11, 12, 13, 14].map((last) => `${NET}.${last}`);
    addresses.forEach((address, at) => boot(address, `e${at}`));
    await plane.settle();
    for (const address of addresses) await put(address, "u1");
    const clients: pg.Client[] = [];
    for (const [at, address] of addresses.slice(0, 3).entries())
      clients.push(await open(address, { database: `e${at}` }));
    expect(plane.running).toBe(3);
    await expect(open(`${NET}.14`, { database: "e3" })).rejects.toThrow("LIVE_DATA_LIMIT");
    await clients[0]?.end();
    const late = await open(`${NET}.14`, { database: "e3" });
    expect(plane.running).toBe(3);
    for (const client of [...clients.slice(1), late]) await client.end();
  });
});
