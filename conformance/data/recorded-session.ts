import { DataError, type DataSession } from "./plane.ts";
import { sqlText } from "./sql.ts";
import type { Statement, TableRows } from "./statement.ts";
import { rowsText, type StepEnd } from "./step-evidence.ts";

/** Keeps a step: the statement, its result, and when it began. */
export type RecordStep = (sql: string, ended: StepEnd, startMs: number) => void;

/** A session that keeps its statements for the report. */
export class RecordedSession {
  readonly extras: DataSession["extras"];
  readonly #session: DataSession;
  readonly #record: RecordStep;
  readonly #nowMs: () => number;

  constructor(session: DataSession, nowMs: () => number, record: RecordStep) {
    this.extras = session.extras;
    this.#session = session;
    this.#nowMs = nowMs;
    this.#record = record;
  }

  /** @throws DataError */
  async run(statement: Statement): Promise<TableRows> {
    const startMs = this.#nowMs();
    const sql = this.#session.describe?.(statement) ?? sqlText(statement);
    try {
      const rows = await this.#session.run(statement);
      this.#record(sql, { body: rowsText(rows) }, startMs);
      return rows;
    } catch (error) {
      if (error instanceof DataError) this.#record(sql, { error }, startMs);
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
