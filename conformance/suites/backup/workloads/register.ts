import { DataError } from "../../../data/plane.ts";
import type { RecordedSession } from "../../../data/recorded-session.ts";
import type { Column, TableShape } from "../../../data/statement.ts";
import type { Clock } from "../../../client/clock.ts";
import type { Access } from "../../../data/step-evidence.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import type { BackupContext } from "../context.ts";
import type { RegisterOperation } from "../oracles/register.ts";

/** Applications that read and write one row at once. */
const CLIENTS = 3;
/** Pause of a client between two operations, in milliseconds. */
const PAUSE_MS = 20;
/** Operations of one client: during a longer fault they cover only part of its time. */
const OPERATIONS_MAX = 60;
/** Operations of each client after the fault is over. */
const AFTER = 4;
/**
 * The number of unanswered writes after which a client only reads: each may take effect at any later time,
 * and all possibilities have to be tried.
 */
const UNANSWERED_MAX = 3;

const VALUE: Column = { name: "value", type: "text" };
const TABLE: TableShape = { name: "drydock_cell", columns: [{ name: "id", type: "text" }, VALUE] };
const KEY = "register";

/** The value from which a history begins. */
export const INITIAL = 0;

/** Creates the register. */
export async function createRegister(context: BackupContext, tenant: Tenant): Promise<void> {
  await context.inSession(tenant, async (session) => {
    await session.run({ do: "create-table", table: TABLE });
    await session.run({ do: "insert", table: TABLE, rows: [[KEY, String(INITIAL)]] });
  });
}

interface Run {
  readonly clock: Clock;
  readonly history: RegisterOperation[];
  next: number;
  isOver: boolean;
}

/** Runs one client: after an operation without an answer it logs in again, to the primary of that moment. */
class Client {
  readonly #context: BackupContext;
  readonly #access: Access;
  readonly #run: Run;
  #session: RecordedSession | undefined;
  #unanswered = 0;

  constructor(context: BackupContext, access: Access, run: Run) {
    this.#context = context;
    this.#access = access;
    this.#run = run;
  }

  async #ask<T>(work: (session: RecordedSession) => Promise<T>): Promise<T | undefined> {
    try {
      this.#session ??= await this.#context.recorder.openWhenReady(this.#access);
      return await work(this.#session);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      const lost = this.#session;
      this.#session = undefined;
      await lost?.close();
      return undefined;
    }
  }

  async #write(): Promise<void> {
    const { clock, history } = this.#run;
    const value = ++this.#run.next;
    let sentMs: number | undefined;
    const done = await this.#ask(async (session) => {
      sentMs = clock.nowMs();
      await session.run({ do: "update", table: TABLE, key: KEY, column: VALUE, value: String(value) });
      return clock.nowMs();
    });
    if (done === undefined) this.#unanswered++;
    if (sentMs !== undefined) history.push({ do: "write", value, sentMs, endedMs: done });
  }

  async #read(): Promise<void> {
    const { clock, history } = this.#run;
    let sentMs = 0;
    const rows = await this.#ask((session) => {
      sentMs = clock.nowMs();
      return session.run({ do: "rows", table: TABLE });
    });
    // A register that is gone is read as a value that nobody wrote.
    if (rows !== undefined)
      history.push({ do: "read", value: Number(rows[0]?.[1] ?? -1), sentMs, endedMs: clock.nowMs() });
  }

  async work(isReader: boolean): Promise<void> {
    let left = AFTER;
    for (let at = 0; at < OPERATIONS_MAX && left > 0; at++) {
      const mayWrite = this.#unanswered < UNANSWERED_MAX;
      await (mayWrite && (at % 2 === 0) !== isReader ? this.#write() : this.#read());
      if (this.#run.isOver) left--;
      await this.#run.clock.sleepMs(PAUSE_MS);
    }
    await this.#session?.close();
  }
}

/** Reads and writes the register with several applications while something happens, and for a while after it. */
export async function useRegister<T>(
  context: BackupContext,
  { access }: Tenant,
  work: () => Promise<T>,
): Promise<{ readonly history: readonly RegisterOperation[]; readonly result: T }> {
  const run: Run = { clock: context.platform.settings.clock, history: [], next: INITIAL, isOver: false };
  const clients = Array.from({ length: CLIENTS }, () => new Client(context, access, run));
  const working = Promise.all(clients.map((client, at) => client.work(at % 2 === 1)));
  try {
    const result = await work();
    run.isOver = true;
    await working;
    return { result, history: run.history };
  } finally {
    run.isOver = true;
    await working;
  }
}
