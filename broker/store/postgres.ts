import { once } from "node:events";
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import pg from "pg";
import { isOutage } from "./outage.ts";

const CONNECTIONS_MAX = 10;
/** Time to connect, or to wait for a connection while all are in use. */
const CONNECT_MS_MAX = 10_000;
/** The server gives up on a statement after this long, so that it is not executed behind the back of a caller that has retried. */
const STATEMENT_MS_MAX = 20_000;
/** A connection without an answer for this long is given up. Longer than the server takes to report the timeout itself. */
const ANSWER_MS_MAX = 25_000;
/** How long the server may take to close an ended connection. */
const CLOSE_MS_MAX = 5_000;

/** A connection in use. If the database goes away meanwhile, it is closed, not reused. */
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
  // Don't wait any longer for a server that does not close its side in time.
  await Promise.all([...clients].map((client) => once(client, "end", { signal }).catch(() => {})));
}

/**
 * Connections to PostgreSQL, ten at most. One that breaks never ends the process, whether it is idle, in use, or being opened: `onError` hears of it,
 * and so does whoever uses it, by its statement. `end` resolves when the connections are closed.
 *
 * @param url `postgres://…`
 */
export function postgresPool(url: string, onError: (error: Error) => void = () => {}): PostgresPool {
  const open = new Set<pg.Client>();
  /** pg-pool listens for errors of idle clients only, so each client gets a listener from the start. */
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
  // An idle client's error here has already gone to `onError`.
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
