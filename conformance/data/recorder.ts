import type { Clock } from "../client/clock.ts";
import type { Exchange } from "../client/http/exchange.ts";
import type { DataClient } from "./engines.ts";
import {
  type Address,
  DataError,
  type DataPlane,
  NO_NAME,
  type Reach,
  type Vantage,
  type WebAnswer,
  type WebRequest,
} from "./plane.ts";
import { RecordedSession, type RecordStep } from "./recorded-session.ts";
import { type Access, connectionExchange, statementExchange, transferExchange, webExchange } from "./step-evidence.ts";

/** The data plane as one check uses it: every step is kept as evidence. */
export class DataRecorder {
  readonly plane: DataPlane;
  /** The steps, in order. */
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
  async open(access: Access, from: Vantage = "application"): Promise<RecordedSession> {
    const nowMs = (): number => this.#clock.nowMs();
    const record: RecordStep = (sql, ended, startMs) =>
      void this.steps.push(statementExchange(access, from, sql, ended, nowMs() - startMs));
    const startMs = nowMs();
    try {
      const session = await this.plane.connect(access.login, from);
      const { server } = session;
      record(helloOf(access), { body: server === undefined ? "logged in" : `logged in; served by ${server}` }, startMs);
      return new RecordedSession(session, nowMs, record);
    } catch (error) {
      if (error instanceof DataError) record(helloOf(access), { error }, startMs);
      throw error;
    }
  }

  /**
   * Logs in to a service that may still be starting: retries while there is no answer, or the service is not
   * ready. Of several attempts, only the last is recorded.
   *
   * @throws DataError
   */
  async openWhenReady(access: Access): Promise<RecordedSession> {
    const startMs = this.#clock.nowMs();
    for (;;) {
      try {
        return await this.open(access);
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
  async withSession<T>(access: Access, work: (session: RecordedSession) => Promise<T>): Promise<T> {
    const session = await this.openWhenReady(access);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  /** Logs in and out again at a service that may still be starting; returns how that failed. */
  tryLogin(access: Access): Promise<DataError | undefined> {
    return failureOf(this.openWhenReady(access));
  }

  /** Logs in and out again, once; returns how that failed. */
  tryLoginOnce(access: Access, from: Vantage = "application"): Promise<DataError | undefined> {
    return failureOf(this.open(access, from));
  }

  /** Sends an HTTP request to something other than the broker. @throws DataError nowhere, unreachable */
  async ask(request: WebRequest, from: Vantage): Promise<WebAnswer> {
    const { plane } = this;
    if (plane.ask === undefined) throw new DataError("nowhere", "nobody can ask from there");
    const startMs = this.#clock.nowMs();
    const record = (ended: WebAnswer | DataError): void =>
      void this.steps.push(webExchange(request, from, ended, this.#clock.nowMs() - startMs));
    try {
      const answer = await plane.ask(request, from);
      record(answer);
      return answer;
    } catch (error) {
      if (error instanceof DataError) record(error);
      throw error;
    }
  }

  /** Asks the name server for a zone; no answer counts as a refusal. */
  async transferZone(zone: string, from: Vantage): Promise<readonly string[]> {
    const startMs = this.#clock.nowMs();
    const names = await this.plane.transferZone?.(zone, from).catch((error: unknown) => {
      if (error instanceof DataError && error.fault === "unreachable") return [];
      throw error;
    });
    const text = names === undefined || names.length === 0 ? "" : names.join("\n");
    this.steps.push(transferExchange(zone, from, text, this.#clock.nowMs() - startMs));
    return names ?? [];
  }

  /** Tries a port without any particular client. @throws DataError nowhere, unreachable */
  async tryPort(address: Address, from: Vantage): Promise<Reach> {
    const startMs = this.#clock.nowMs();
    const record = (ended: Reach | DataError): void =>
      void this.steps.push(connectionExchange(address, from, ended, this.#clock.nowMs() - startMs));
    try {
      const reach = await this.plane.reach(address, from);
      record(reach);
      return reach;
    } catch (error) {
      if (error instanceof DataError) record(error);
      throw error;
    }
  }
}

/** Ends the session that was opened; returns the reason if there was none. */
async function failureOf(opening: Promise<RecordedSession>): Promise<DataError | undefined> {
  try {
    await (await opening).close();
    return undefined;
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
}

/** How long a service may take to accept new credentials, or to accept any after a restore. */
const READY_MS_MAX = 60_000;
const READY_POLL_MS = 250;
/** The same for its host name to become known, in milliseconds. */
const NAME_MS_MAX = 10_000;

/** No answer, or cannot_connect_now, too_many_connections. */
const isComingUp = ({ fault, code }: DataError): boolean =>
  fault === "unreachable" || (fault === "failed" && code === undefined) || code === "57P03" || code === "53300";

/** The command by which people check a login. */
const helloOf = ({ login }: Access): string => HELLOS[login.client];
const HELLOS: Readonly<Record<DataClient, string>> = {
  postgresql: "SELECT 1",
  mysql: "SELECT 1",
  redis: "PING",
  mongodb: 'admin {"hello":1}',
  rabbitmq: "OPEN",
  search: "GET /",
};
