import { once } from "node:events";
import type { PostgresCursor, PostgresPoolClient, PostgresQueryResult } from "kysely";
import pg from "pg";
import { type DatabaseServers, parseDatabaseUrl } from "./hosts.ts";
import { isOutage } from "./outage.ts";
import type { StorePool } from "./pool.ts";

const CONNECTIONS_MAX = 10;
/** Time to connect, or to wait for a connection while all are in use. */
const CONNECT_MS_MAX = 10_000;
/** The server gives up on a statement after this long, so that it is not executed behind the back of a caller that has retried. */
const STATEMENT_MS_MAX = 20_000;
/** A connection without an answer for this long is given up. Longer than the server takes to report the timeout itself. */
const ANSWER_MS_MAX = 25_000;
/** How long the server may take to close an ended connection. */
const CLOSE_MS_MAX = 5_000;

/** Statements that a server prepares once a connection; the broker has about a hundred. Further ones are parsed each time. */
const PREPARED_MAX = 300;

/** The commands that change rows; Kysely takes every other one for a query. */
const CHANGES = ["INSERT", "UPDATE", "DELETE", "MERGE"] as const;

/** The names of prepared statements, by their text. */
const prepared = new Map<string, string>();

function nameOf(text: string): string | undefined {
  const known = prepared.get(text);
  if (known !== undefined || prepared.size >= PREPARED_MAX) return known;
  const name = `broker_${prepared.size}`;
  prepared.set(text, name);
  return name;
}

/** A connection in use. If the database goes away meanwhile, it is closed, not reused. */
class Lease implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  #isBroken = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement !== "string") throw new TypeError("the broker's store reads no cursors");
    return this.#send<R>(statement, parameters);
  }

  async #send<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    // Those without parameters begin and end transactions, or are sent once.
    const name = parameters.length === 0 ? undefined : nameOf(text);
    try {
      const config = { text, values: [...parameters], ...(name !== undefined && { name }) };
      const { command, rowCount, rows }: pg.QueryResult = await this.#client.query(config);
      return { command: CHANGES.find((each) => each === command) ?? "SELECT", rowCount: rowCount ?? 0, rows };
    } catch (error) {
      this.#isBroken ||= isOutage(error);
      throw error;
    }
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#isBroken);
  }
}

async function waitForEnds(clients: Iterable<pg.Client>): Promise<void> {
  const signal = AbortSignal.timeout(CLOSE_MS_MAX);
  // Stops waiting for a server that does not close its side in time.
  await Promise.all([...clients].map((client) => once(client, "end", { signal }).catch(() => {})));
}

/** A server that accepts no writes, such as a standby: SQLSTATE read_only_sql_transaction, so that it counts as an outage. */
const readOnlyError = (): Error => Object.assign(new Error("the server takes no writes"), { code: "25006" });

/** Throws for a server that accepts no writes. */
function verifyWrites(client: pg.PoolClient, done: (error?: Error) => void): void {
  client.query<{ transaction_read_only: string }>("show transaction_read_only").then(
    ({ rows }) => done(rows[0]?.transaction_read_only === "off" ? undefined : readOnlyError()),
    (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
  );
}

/** The one of several servers to which new connections go: the last one that worked, then the next. */
class Turn {
  readonly #urls: readonly string[];
  #at = 0;

  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  get url(): string {
    return this.#urls[this.#at] ?? "";
  }

  /** Tries each server once. @throws the last server's error */
  async connect<T>(open: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried++) {
      const at = this.#at;
      try {
        return await open();
      } catch (error) {
        // A concurrent attempt may already have moved on.
        if (this.#at === at) this.#at = (at + 1) % this.#urls.length;
        if (tried >= this.#urls.length) throw error;
      }
    }
  }
}

/** The pool of `pg`, whose clients connect to the server whose turn it is, and report each of their errors. */
function poolOn(
  turn: Turn,
  { mustTakeWrites }: DatabaseServers,
  open: Set<pg.Client>,
  onError: (error: Error) => void,
) {
  /** pg-pool listens for errors of idle clients only, so each client gets a listener from the start. */
  class Client extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super({ ...config, connectionString: turn.url });
      open.add(this);
      this.on("error", onError);
      this.once("end", () => open.delete(this));
    }
  }
  return new pg.Pool({
    Client,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    keepAlive: true,
    ...(mustTakeWrites && { verify: verifyWrites }),
  });
}

/**
 * Connections to PostgreSQL, ten at most. One that breaks never ends the process, whether it is idle, in use, or being opened: `onError` hears of
 * it, and so does whoever uses it, by its statement. Of several servers, the one that accepts writes is found again after a fail-over. `end`
 * resolves when the connections are closed.
 *
 * @param url `postgres://…`, with several hosts if there are several servers
 * @throws ConfigError CONFIG_BAD_DATABASE
 */
export function postgresPool(url: string, onError: (error: Error) => void = () => {}): StorePool {
  const servers = parseDatabaseUrl(url);
  const open = new Set<pg.Client>();
  const turn = new Turn(servers.urls);
  const pool = poolOn(turn, servers, open, onError);
  // An idle client's error here has already gone to `onError`.
  pool.on("error", () => {});
  return {
    options: pool.options,
    connect: async () => new Lease(await turn.connect(() => pool.connect())),
    end: async () => {
      await pool.end();
      await waitForEnds(open);
    },
  };
}
