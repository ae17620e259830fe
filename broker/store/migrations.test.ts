import { Kysely, PostgresDialect, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { realHost } from "../host.ts";
import { type Migration, MIGRATIONS, migrate } from "./migrations.ts";
import type { StorePool } from "./pool.ts";
import type { Tables } from "./schema.ts";
import { StoreSession } from "./session.ts";
import { openStore } from "./store.ts";
import { testDatabases } from "./testing/databases.ts";

const databases = await testDatabases();
const sessionOn = (pool: StorePool): StoreSession =>
  new StoreSession(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), realHost());
const LATEST = MIGRATIONS.length;
const ALL = MIGRATIONS.map(({ version }) => version);

const versionsIn = async (session: StoreSession): Promise<readonly number[]> => {
  const { rows } = await sql<{ version: number }>`select version from schema_migrations order by version`.execute(
    session.db,
  );
  return rows.map(({ version }) => version).filter((version) => version > 0);
};

it("counts its migrations from 1, without gaps", () => {
  expect(ALL).toEqual(ALL.map((_, at) => at + 1));
});

describe.each(databases)("migrations on $name", ({ missing, open, openAgain }) => {
  describe.skipIf(missing !== undefined)(missing ?? "where there is one", () => {
    it("bring an empty database to the latest schema, once", async () => {
      const pool = await open();
      const session = sessionOn(pool);
      expect(await migrate(session, 7)).toEqual(ALL);
      expect(await migrate(session, 8)).toEqual([]);
      expect(await versionsIn(session)).toEqual(ALL);
      await pool.end();
    });

    it("bring the database of an early broker, which records no version, to the latest schema, and keep its contents", async () => {
      const pool = await open();
      const session = sessionOn(pool);
      for (const statement of MIGRATIONS[0]?.statements ?? []) await sql.raw(statement).execute(session.db);
      await sql`insert into instances values ('a', 'p', 'd', 'ready', 'o', '{}', '{}', 's', '10.0.0.1', 3, 9)`.execute(
        session.db,
      );
      await sql`insert into operations values ('o', 'a', '', 'update', 'in progress', '', '{}', 'a', 9, 1)`.execute(
        session.db,
      );
      const store = await openStore(pool, realHost());
      expect(await store.instance("a")).toMatchObject({ state: "ready", version: 3 });
      expect((await store.takeFree()).map(({ id }) => id)).toEqual(["o"]);
      await pool.end();
    });

    it("are applied once by brokers that start at the same time", async () => {
      const first = await open();
      const pools = [first, ...Array.from({ length: 4 }, openAgain)];
      const applied = await Promise.all(pools.map((pool) => migrate(sessionOn(pool), 7)));
      expect(applied.flat().toSorted((a, b) => a - b)).toEqual(ALL);
      for (const pool of pools) await pool.end();
    });

    it("refuse a database that a newer broker has migrated, and leave it alone", async () => {
      const pool = await open();
      const session = sessionOn(pool);
      const newer: Migration = { version: LATEST + 1, name: "of the future", statements: [] };
      await migrate(session, 7, [...MIGRATIONS, newer]);
      await expect(openStore(pool, realHost())).rejects.toThrow(
        `CONFIG_NEWER_SCHEMA: schema ${LATEST + 1}, and this broker knows ${LATEST}: a newer broker`,
      );
      await pool.end();
    });
  });
});

describe.skipIf(databases[1]?.missing !== undefined)("a migration that fails on PostgreSQL", () => {
  it("leaves the database as it was, so that it can be tried again", async () => {
    const pool = await databases[1]?.open();
    if (pool === undefined) return;
    const session = sessionOn(pool);
    await migrate(session, 7);
    const broken = {
      version: LATEST + 1,
      name: "half",
      statements: ["create table half (id text)", "create table half (id text)"],
    };
    await expect(migrate(session, 8, [...MIGRATIONS, broken])).rejects.toThrow("already exists");
    expect(await versionsIn(session)).toEqual(ALL);
    expect(
      await migrate(session, 9, [...MIGRATIONS, { ...broken, statements: ["create table half (id text)"] }]),
    ).toEqual([LATEST + 1]);
    await pool.end();
  });
});
