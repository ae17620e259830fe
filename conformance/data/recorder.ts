import type { Exchange } from "../runner/events.ts";
import { REDACTED } from "../client/http/redact.ts";
import type { Clock } from "../client/clock.ts";
import {
  type Address,
  DataError,
  type DataPlane,
  type DataSession,
  type Login,
  NO_NAME,
  type Vantage,
} from "./plane.ts";
import type { Reach } from "./probe-port.ts";
import { sqlText } from "./sql.ts";
import type { TableRows, Statement } from "./statement.ts";

/** A login with the words by which a report names it; the secret itself never gets there. */
export interface Access {
  readonly login: Login;
  /** "binding 1f2e… of instance 9c4d…" */
  readonly of: string;
}

/** Longest answer of a data service that evidence shows, in characters. */
const ANSWER_CHARS_MAX = 600;

function psqlLine(login: Login, sql: string): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const address = `-h ${quoted(login.host)} -p ${login.port} -d ${quoted(login.database)}`;
  return `PGUSER="$DRYDOCK_USER" PGPASSWORD="$DRYDOCK_PASSWORD" psql ${address} -c ${quoted(sql)}`;
}

function rowsText(rows: TableRows): string {
  const text = rows.map((row) => row.map((value) => value ?? "NULL").join(" | ")).join("\n");
  const shown = text.length > ANSWER_CHARS_MAX ? `${text.slice(0, ANSWER_CHARS_MAX)}…` : text;
  return `${shown}${shown === "" ? "" : "\n"}(${rows.length} rows)`;
}

/** Servers like to name whom they refuse. */
function hideSecrets({ username, password }: Login, text: string): string {
  return [username, password].reduce(
    (shown, secret) => (secret === "" ? shown : shown.replaceAll(secret, REDACTED)),
    text,
  );
}

type StepEnd = { readonly body: string } | { readonly error: DataError };

/** A vantage in words. */
export const describeVantage = (from: Vantage): string => (typeof from === "string" ? from : `the VM of ${from.vmOf}`);

const WORDS: Readonly<Record<Reach, string>> = {
  shut: "nobody takes the connection",
  open: "something answers",
  silent: "the connection is taken, and nothing is said",
};

/** A connection to a port as evidence. */
function reachExchange({ host, port }: Address, from: Vantage, ended: Reach | DataError, elapsedMs: number): Exchange {
  const url = `tcp://${host}:${port}`;
  const shared = {
    curl: `nc -vz '${host}' ${port}`,
    request: { method: "TCP", url, headers: { from: describeVantage(from) } },
  };
  if (ended instanceof DataError) return { ...shared, error: ended.message };
  if (ended === "shut") return { ...shared, error: WORDS.shut };
  return { ...shared, response: { headers: {}, body: WORDS[ended], elapsedMs: Math.round(elapsedMs) } };
}

/** A step on the data plane as evidence: what a server said is an answer, silence is none. */
function exchangeOf(key: Access, from: Vantage, sql: string, ended: StepEnd, elapsedMs: number): Exchange {
  const { host, port, database } = key.login;
  const request = {
    method: "SQL",
    url: `postgres://${host}:${port}/${database}`,
    headers: { credentials: key.of, from: describeVantage(from) },
    body: sql,
  };
  const curl = psqlLine(key.login, sql);
  const error = "error" in ended ? hideSecrets(key.login, ended.error.message) : "";
  if ("error" in ended && ["unreachable", "nowhere"].includes(ended.error.fault)) return { curl, request, error };
  const body = "body" in ended ? ended.body : `ERROR ${ended.error.code ?? ""} ${error}`;
  return { curl, request, response: { headers: {}, body, elapsedMs: Math.round(elapsedMs) } };
}

type RecordStep = (sql: string, ended: StepEnd, startMs: number) => void;

/** A session that remembers what was asked of it, for the report. */
export class RecordedSession {
  readonly extras: DataSession["extras"];
  readonly #session: DataSession;
  readonly #remember: RecordStep;
  readonly #nowMs: () => number;

  constructor(session: DataSession, nowMs: () => number, remember: RecordStep) {
    this.extras = session.extras;
    this.#session = session;
    this.#nowMs = nowMs;
    this.#remember = remember;
  }

  /** @throws DataError */
  async run(statement: Statement): Promise<TableRows> {
    const startMs = this.#nowMs();
    const sql = sqlText(statement);
    try {
      const rows = await this.#session.run(statement);
      this.#remember(sql, { body: rowsText(rows) }, startMs);
      return rows;
    } catch (error) {
      if (error instanceof DataError) this.#remember(sql, { error }, startMs);
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

/** The data plane as one check uses it: every step is kept as evidence. */
export class DataRecorder {
  readonly plane: DataPlane;
  /** In the order in which they were made. */
  readonly steps: Exchange[] = [];
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;

  constructor(plane: DataPlane, clock: Clock, signal?: AbortSignal) {
    this.plane = plane;
    this.#clock = clock;
    this.#signal = signal;
  }

  get last(): Exchange | undefined {
    return this.steps.at(-1);
  }

  /** Logs in. @throws DataError */
  async open(key: Access, from: Vantage = "application"): Promise<RecordedSession> {
    const nowMs = (): number => this.#clock.nowMs();
    const remember: RecordStep = (sql, ended, startMs) =>
      void this.steps.push(exchangeOf(key, from, sql, ended, nowMs() - startMs));
    const startMs = nowMs();
    try {
      const session = await this.plane.connect(key.login, from);
      remember(HELLO, { body: "logged in" }, startMs);
      return new RecordedSession(session, nowMs, remember);
    } catch (error) {
      if (error instanceof DataError) remember(HELLO, { error }, startMs);
      throw error;
    }
  }

  /**
   * Logs in at a service that may still be coming up: asks again while nobody answers or it says that it is not ready. Of
   * several attempts only the last is kept.
   *
   * @throws DataError
   */
  async enter(key: Access): Promise<RecordedSession> {
    const startMs = this.#clock.nowMs();
    for (;;) {
      try {
        return await this.open(key);
      } catch (error) {
        if (!(error instanceof DataError) || !isComingUp(error)) throw error;
        const waitMsMax = error.code === NO_NAME ? NAME_MS_MAX : READY_MS_MAX;
        if (this.#clock.nowMs() + READY_POLL_MS > startMs + waitMsMax) throw error;
      }
      this.steps.pop();
      await this.#clock.sleepMs(READY_POLL_MS, this.#signal);
    }
  }

  /** Logs in, works, and logs out whatever happens. @throws DataError */
  async using<T>(key: Access, work: (session: RecordedSession) => Promise<T>): Promise<T> {
    const session = await this.enter(key);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  /** Logs in and out again at a service that may still be coming up: how that ended. */
  async visit(key: Access): Promise<DataError | undefined> {
    try {
      await (await this.enter(key)).close();
      return undefined;
    } catch (error) {
      if (error instanceof DataError) return error;
      throw error;
    }
  }

  /** Tries a port with no client in particular. @throws DataError nowhere, unreachable */
  async reach(address: Address, from: Vantage): Promise<Reach> {
    const startMs = this.#clock.nowMs();
    const remember = (ended: Reach | DataError): void =>
      void this.steps.push(reachExchange(address, from, ended, this.#clock.nowMs() - startMs));
    try {
      const reach = await this.plane.reach(address, from);
      remember(reach);
      return reach;
    } catch (error) {
      if (error instanceof DataError) remember(error);
      throw error;
    }
  }

  /** Logs in and out again, once: how that ended. */
  async tryLoginOnce(key: Access, from: Vantage = "application"): Promise<DataError | undefined> {
    try {
      await (await this.open(key, from)).close();
      return undefined;
    } catch (error) {
      if (error instanceof DataError) return error;
      throw error;
    }
  }
}

/** How long a service may take until it lets in who has just been given credentials, or after a restore. */
const READY_MS_MAX = 60_000;
const READY_POLL_MS = 250;
/** And until the name it is reached by is known, in milliseconds. */
const NAME_MS_MAX = 10_000;

/** Nobody answers, or nothing is said; or cannot_connect_now, too_many_connections. */
const isComingUp = ({ fault, code }: DataError): boolean =>
  fault === "unreachable" || (fault === "failed" && code === undefined) || code === "57P03" || code === "53300";

/** What a person types to see whether a login works. */
const HELLO = "SELECT 1";
