import { Socket } from "node:net";
import type { Client, ClientConfig } from "pg";
import { DataError, type DataSession, type Extra, type Login } from "./plane.ts";
import { NOT_OURS, nowhere } from "./probe-port.ts";
import { sqlOf } from "./sql.ts";
import { type TableRows, ROWS_MAX, type Statement } from "./statement.ts";

/** The limits of a data service. */
export interface DataLimits {
  /** From the first packet to a ready session, in milliseconds. */
  readonly connectMsMax: number;
  readonly statementMsMax: number;
  /** Bytes that a server may send in one session. */
  readonly sessionBytesMax: number;
}

/** The default limits. */
export const DATA_LIMITS: DataLimits = {
  connectMsMax: 10_000,
  statementMsMax: 30_000,
  sessionBytesMax: 64 * 1024 * 1024,
};

const EXTRAS: ReadonlySet<Extra> = new Set<Extra>(["index", "view", "grant", "type", "native"]);

/** Settings that make the text of values independent of the server's defaults. */
const SETTINGS =
  "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET bytea_output = 'hex'; SET extra_float_digits = 1";

/** A socket that connects from a given local address, and is cut if the server sends more than its limit. */
class BoundSocket extends Socket {
  readonly #localAddress: string | undefined;
  /** Whether somebody accepted the connection. */
  hasConnected = false;

  constructor(localAddress: string | undefined, bytesMax: number) {
    super();
    this.#localAddress = localAddress;
    this.once("connect", () => {
      this.hasConnected = true;
    });
    this.on("data", () => {
      if (this.bytesRead > bytesMax) this.destroy(new Error(`the server sent more than ${bytesMax} bytes`));
    });
  }

  /** pg's name for connecting. */
  override connect(...to: unknown[]): this {
    const [port, host] = to;
    const from = this.#localAddress === undefined ? {} : { localAddress: this.#localAddress };
    return super.connect({ port: Number(port), host: String(host), ...from });
  }
}

function configOf(login: Login, address: string, socket: BoundSocket, limits: DataLimits): ClientConfig {
  const { tls } = login;
  const ssl = tls && {
    rejectUnauthorized: tls.isVerified,
    servername: login.host,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  };
  return {
    host: address,
    port: login.port,
    user: login.username,
    password: login.password,
    database: login.database,
    ssl: ssl ?? false,
    connectionTimeoutMillis: limits.connectMsMax,
    query_timeout: limits.statementMsMax,
    application_name: "drydock",
    stream: () => socket,
  };
}

/** Invalid authorization, unknown database, no right to connect: the server answered and refused the login. */
const DENIED = /^(28...|3D000|42501)$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

function sqlStateOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // Socket errors have codes as well (EPIPE has five letters); only a server's error has a severity.
  return error instanceof Error && "severity" in error && SQLSTATE.test(code) ? code : undefined;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || String("code" in error ? error.code : error.name) : String(error);

/** Somebody accepted the connection and dropped it without a word, as a proxying firewall does. */
const THROWN_AWAY = /ECONNRESET|EPIPE|terminated unexpectedly/;

const NO_PASSWORD = /client password must be a (non-empty )?string/;

function connectError(error: unknown, { hasConnected }: BoundSocket, source: string | undefined): DataError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!hasConnected && source !== undefined && NOT_OURS.has(code)) return nowhere(source);
  const state = sqlStateOf(error);
  const message = messageOf(error);
  // The client itself gives up if it has no password.
  if (NO_PASSWORD.test(message)) return new DataError("denied", "the server demands a password");
  // A server that accepts a connection and stays silent is reachable, but out of order.
  const isSilent = hasConnected && !THROWN_AWAY.test(message);
  const mute = isSilent ? "failed" : "unreachable";
  const fault = state === undefined ? mute : DENIED.test(state) ? "denied" : "failed";
  return new DataError(fault, message, state, { cause: error });
}

function statementError(error: unknown): DataError {
  const state = sqlStateOf(error);
  // Class 57P: the session was ended, by an administrator or by a restart.
  const isLost = state === undefined ? messageOf(error) !== "Query read timeout" : state.startsWith("57P");
  return new DataError(isLost ? "lost" : "failed", messageOf(error), state, { cause: error });
}

const CLOSE_MS_MAX = 2000;

class PostgresSession implements DataSession {
  readonly extras = EXTRAS;
  readonly server: string | undefined;
  readonly #client: Client;
  readonly #socket: BoundSocket;

  constructor(client: Client, socket: BoundSocket, server: string | undefined) {
    this.server = server;
    this.#client = client;
    this.#socket = socket;
  }

  async run(statement: Statement): Promise<TableRows> {
    const { text, values } = sqlOf(statement);
    const result = await this.#client
      .query<(string | null)[]>({ text, values: [...values], rowMode: "array" })
      .catch((error: unknown) => {
        throw statementError(error);
      });
    if (result.rows.length > ROWS_MAX) throw new DataError("failed", `more than ${ROWS_MAX} rows`);
    return result.rows;
  }

  async close(): Promise<void> {
    // Does not wait for a server that does not say goodbye; a broken connection counts as closed.
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_MS_MAX);
    await this.#client.end().catch(() => {});
    clearTimeout(timer);
  }
}

/** Logs in to a PostgreSQL server. @throws DataError unreachable, denied, failed, nowhere */
export async function openPostgres(
  login: Login,
  address: string,
  source: string | undefined,
  limits: DataLimits = DATA_LIMITS,
): Promise<DataSession> {
  const { default: pg } = await import("pg");
  const socket = new BoundSocket(source, limits.sessionBytesMax);
  const client = new pg.Client(configOf(login, address, socket, limits));
  // A connection that breaks between two statements is noticed at the next one.
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    socket.destroy();
    throw connectError(error, socket, source);
  }
  try {
    await client.query(SETTINGS);
  } catch (error) {
    socket.destroy();
    throw statementError(error);
  }
  return new PostgresSession(client, socket, await serverOf(client));
}

/** The server's name for itself, without its build: "PostgreSQL 18.4". A server need not reveal it. */
async function serverOf(client: Client): Promise<string | undefined> {
  try {
    const { rows } = await client.query<{ version: string }>("SELECT version() AS version");
    return /^\S+ \S+/.exec(rows[0]?.version ?? "")?.[0];
  } catch {
    return undefined;
  }
}
