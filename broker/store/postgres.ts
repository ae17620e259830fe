import { once } from "node:events";
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import pg from "pg";
import { isOutage } from "./outage.ts";

const CONNECTIONS_MAX = 10;
/** To connect, or to wait for a connection while all are in use. */
const CONNECT_MS_MAX = 10_000;
/** The server gives a statement up after this time, so that it is not carried out behind the back of whoever has tried again. */
const STATEMENT_MS_MAX = 20_000;
/** After this time without an answer the connection is given up. Longer than the server takes to say so itself. */
const ANSWER_MS_MAX = 25_000;
/** How long the server may take to close a connection that was ended. */
const CLOSE_MS_MAX = 5_000;

/** A connection that somebody uses. Where the database went away under it, it is closed, not used again. */
class Lease implements PostgresPoolClient {
  readonly #client: PostgresPoolClient;
  #isBroken = false;

  constructor(client: PostgresPoolClient) {
    this.#client = client;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement !== "string") return this.#client.query(statement);
    return this.#client.query<R>(statement, parameters).catch((error: unknown) => {
      this.#isBroken ||= isOutage(error);
      throw error;
    });
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#isBroken);
  }
}

async function waitForEnds(clients: Iterable<pg.Client>): Promise<void> {
  const signal = AbortSignal.timeout(CLOSE_MS_MAX);
  // A server that does not close its side in time is not waited for any longer.
  await Promise.all([...clients].map((client) => once(client, "end", { signal }).catch(() => {})));
}

/**
 * Connections to PostgreSQL, ten at most. One that breaks never ends the process, whether it is idle, in use, or just being made: `onError` hears of it,
 * and so does whoever uses it, by its statement. `end` resolves when the connections are closed.
 *
 * @param url `postgres://…`
 */
export function postgresPool(url: string, onError: (error: Error) => void = () => {}): PostgresPool {
  const open = new Set<pg.Client>();
  /** pg-pool listens for errors of idle clients only, so each client is listened to from its birth. */
  class Client extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(config);
      open.add(this);
      this.on("error", onError);
      this.once("end", () => open.delete(this));
    }
  }
  const pool = new pg.Pool({
    Client,
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    keepAlive: true,
  });
  // What an idle client says here, it has said to `onError`.
  pool.on("error", () => {});
  return {
    options: pool.options,
    connect: async () => new Lease(await pool.connect()),
    end: async () => {
      await pool.end();
      await waitForEnds(open);
    },
  };
}
