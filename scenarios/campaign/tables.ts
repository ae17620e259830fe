import type pg from "pg";
import type { Played } from "./result.ts";

/** The tables of a board besides the queue. `at` numbers verdicts in the order in which they were written. */
export const TABLES = `
create table if not exists drydock_verdicts (
  campaign text not null,
  seed bigint not null,
  result jsonb not null,
  duration_ms double precision not null,
  worker text not null,
  at bigserial,
  primary key (campaign, seed)
);
create index if not exists drydock_verdicts_at on drydock_verdicts (campaign, at);
create table if not exists drydock_costs (subject text primary key, seeds bigint not null, ms double precision not null);
`;

/** One lock for creating tables, so that processes that start at once do not collide. */
const LOCK = 0x64727964;

const UNIQUE_VIOLATION = "23505";
/** Whether a row already existed. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION;

/** Does work that only one process may do at a time. */
export async function inLock(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    await work(client);
    await client.query("select pg_advisory_unlock($1)", [LOCK]);
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Writes the results of seeds in one statement. @throws an error for which `isDuplicate` holds if another worker has written one of them */
export async function insertVerdicts(
  client: pg.PoolClient,
  campaign: string,
  played: readonly Played[],
  worker: string,
): Promise<void> {
  const rows = played.map(({ result, durationMs }) => ({ seed: result.seed, result, duration_ms: durationMs }));
  await client.query(
    `insert into drydock_verdicts (campaign, seed, result, duration_ms, worker)
     select $1, seed, result, duration_ms, $3
     from jsonb_to_recordset($2) as row (seed bigint, result jsonb, duration_ms double precision)`,
    [campaign, JSON.stringify(rows), worker],
  );
}

/** Adds to what seeds of a subject have cost. */
export async function noteCost(client: pg.PoolClient, subject: string, played: readonly Played[]): Promise<void> {
  const ms = played.reduce((sum, { durationMs }) => sum + durationMs, 0);
  await client.query(
    `insert into drydock_costs (subject, seeds, ms) values ($1, $2, $3)
     on conflict (subject) do update set seeds = drydock_costs.seeds + excluded.seeds, ms = drydock_costs.ms + excluded.ms`,
    [subject, played.length, ms],
  );
}
