import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PostgresPool, PostgresPoolClient } from "kysely";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { isOutage } from "./outage.ts";
import { postgresPool } from "./postgres.ts";
import { startPostgres } from "./testing.ts";

const postgres = await startPostgres();
if ("reason" in postgres) process.stderr.write(`skipped: connections to PostgreSQL: ${postgres.reason}\n`);

describe.skipIf("reason" in postgres)("connections to PostgreSQL", () => {
  const url = "url" in postgres ? postgres.url : "";
  let pool: PostgresPool;
  let heard: Error[];

  beforeEach(() => {
    heard = [];
    pool = postgresPool(url, (error) => heard.push(error));
  });
  afterEach(() => pool.end());
  afterAll(async () => {
    if ("stop" in postgres) await postgres.stop();
  });

  const pidOf = async (client: PostgresPoolClient): Promise<number> =>
    (await client.query<{ pid: number }>("select pg_backend_pid() as pid", [])).rows[0]?.pid ?? 0;
  const pidOfNext = async (): Promise<number> => {
    const client = await pool.connect();
    const pid = await pidOf(client);
    client.release();
    return pid;
  };
  const terminate = async (pid: number): Promise<void> => {
    const other = await pool.connect();
    await other.query("select pg_terminate_backend($1, 10000)", [pid]);
    other.release();
  };
  const sessions = async (): Promise<number> => {
    const own = postgresPool(url);
    const client = await own.connect();
    const sql = "select count(*)::int as n from pg_stat_activity where backend_type = 'client backend'";
    const { rows } = await client.query<{ n: number }>(sql, []);
    client.release();
    await own.end();
    return (rows[0]?.n ?? 0) - 1;
  };

  it("may break while held idle", async () => {
    const client = await pool.connect();
    await terminate(await pidOf(client));
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    expect(await client.query("select 1", []).catch(isOutage)).toBe(true);
    client.release();
    expect(await pidOfNext()).toBeGreaterThan(0);
  });

  it("may break during a statement, and are not reused", async () => {
    const client = await pool.connect();
    const pid = await pidOf(client);
    const statement = client.query("select pg_sleep(60)", []).catch(isOutage);
    await terminate(pid);
    expect(await statement).toBe(true);
    client.release();
    expect(await pidOfNext()).not.toBe(pid);
  });

  it("are given up when a table has changed under a statement that they had prepared, and the next one serves", async () => {
    const other = await pool.connect();
    await other.query("create table changing as select 1 as a", []);
    const client = await pool.connect();
    const read = (each: PostgresPoolClient): Promise<unknown> =>
      each.query("select * from changing where a = $1", [1]).then(({ rows }) => rows, isOutage);
    expect(await read(client)).toEqual([{ a: 1 }]);
    await other.query("alter table changing add b int", []);
    expect(await read(client)).toBe(true);
    client.release();
    const next = await pool.connect();
    expect(await read(next)).toEqual([{ a: 1, b: null }]);
    await other.query("drop table changing", []);
    for (const each of [other, next]) each.release();
  });

  it("may break while unused", async () => {
    const client = await pool.connect();
    const pid = await pidOf(client);
    client.release();
    const other = postgresPool(url);
    const killer = await other.connect();
    await killer.query("select pg_terminate_backend($1, 10000)", [pid]);
    killer.release();
    await other.end();
    await expect.poll(() => heard.length).toBeGreaterThan(0);
  });

  it("are closed when the pool has ended", async () => {
    const ending = postgresPool(url);
    const clients = await Promise.all([1, 2, 3].map(() => ending.connect()));
    for (const client of clients) client.release();
    await ending.end();
    await expect.poll(sessions).toBe(0);
  });
});

describe("a server that is not there", () => {
  it("is an outage, over TCP and over a missing Unix socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "broker-socket-"));
    for (const url of ["postgres://nobody@127.0.0.1:1/none", `postgres://nobody@localhost/none?host=${folder}`]) {
      const pool = postgresPool(url);
      expect(await pool.connect().catch(isOutage)).toBe(true);
      await pool.end();
    }
    await rm(folder, { recursive: true });
  });
});
