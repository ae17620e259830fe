import pg from "pg";
import type { ServiceName, StorePool } from "../../broker/index.ts";
import { type PostgresPair, startPair } from "../../broker/store/local/pair.ts";
import { postgresPool } from "../../broker/store/postgres.ts";

/** Where the brokers of a cloud keep their state: in memory, or on a primary and a standby of PostgreSQL. */
export type StoreKind = "embedded" | "postgres-ha";

/** The database server of the brokers of a cloud; each broker has a database of its own. */
export interface CloudStore {
  readonly pair: PostgresPair;
  pool(service: ServiceName): StorePool;
  close(): Promise<void>;
}

const HOST = 20;
const PORTS = [5432, 5433] as const;
const SERVICES: readonly ServiceName[] = ["postgresql", "redis", "mongodb"];

const databaseOf = (service: ServiceName): string => `broker_${service}`;

/** The URL of a database on the same servers. */
const urlOfDatabase = (url: string, database: string): string => url.replace(/\/[^/?]*(\?|$)/, `/${database}$1`);

async function createDatabases(pair: PostgresPair): Promise<void> {
  const pool = postgresPool(pair.url);
  const client = await pool.connect();
  try {
    for (const service of SERVICES)
      await client.query(`create database ${pg.escapeIdentifier(databaseOf(service))}`, []);
  } finally {
    client.release();
    await pool.end();
  }
}

/**
 * Starts a primary and a standby at addresses of a block.
 *
 * @param report called when one of them could not be replaced
 * @throws Error if PostgreSQL can't be started
 */
export async function openCloudStore(block: string, report: (error: unknown) => void): Promise<CloudStore> {
  const host = `${block}.250.${HOST}`;
  const pair = await startPair(
    [
      { host, port: PORTS[0] },
      { host, port: PORTS[1] },
    ],
    (event, _node, why) => {
      if (event === "failed") report(why);
    },
  );
  const pools: StorePool[] = [];
  const close = async (): Promise<void> => {
    for (const pool of pools) await pool.end();
    await pair.stop();
  };
  try {
    await createDatabases(pair);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    pair,
    pool: (service) => {
      const pool = postgresPool(urlOfDatabase(pair.url, databaseOf(service)));
      pools.push(pool);
      return pool;
    },
    close,
  };
}
