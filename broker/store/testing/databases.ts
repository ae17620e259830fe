import { afterAll } from "vitest";
import { embeddedPool } from "../embedded.ts";
import type { StorePool } from "../pool.ts";
import { postgresPool } from "../postgres.ts";
import { startPostgres } from "../testing.ts";

/** A kind of database that tests of the store run on. */
interface TestDatabase {
  readonly name: string;
  /** Why there is none on this machine. */
  readonly missing: string | undefined;
  /** A database without tables, which other processes could reach. Further pools on it: `openAgain`. */
  readonly open: () => Promise<StorePool>;
  /** Another pool on the database that was opened last. */
  readonly openAgain: () => StorePool;
}

/** Every change of the store is tested on both: what runs only on pg-mem proves nothing about SQL. */
export async function testDatabases(): Promise<readonly TestDatabase[]> {
  const postgres = await startPostgres();
  if ("reason" in postgres) process.stderr.write(`skipped: the store on PostgreSQL: ${postgres.reason}\n`);
  afterAll(async () => {
    if ("stop" in postgres) await postgres.stop();
  });
  const url = "url" in postgres ? postgres.url : "";
  let embedded = embeddedPool();
  return [
    {
      name: "pg-mem",
      missing: undefined,
      open: async () => (embedded = { ...embeddedPool(), isPrivate: false }),
      openAgain: () => embedded,
    },
    {
      name: "PostgreSQL",
      missing: "reason" in postgres ? postgres.reason : undefined,
      open: async () => {
        const pool = postgresPool(url);
        const client = await pool.connect();
        for (const sql of ["drop schema public cascade", "create schema public"]) await client.query(sql, []);
        client.release();
        return pool;
      },
      openAgain: () => postgresPool(url),
    },
  ];
}
