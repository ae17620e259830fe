import type { Host } from "../host.ts";
import { StoreError } from "../errors.ts";
import { isOutage } from "./outage.ts";

interface Statement<T> {
  execute(): Promise<T>;
}

/** PostgreSQL returns 64-bit numbers as text. */
function parseNumbers(row: object): void {
  for (const [name, value] of Object.entries(row))
    if (name.endsWith("_ms") || name.endsWith("_bytes")) Reflect.set(row, name, Number(value));
}

/** Queries the database, and tells the host. Every method throws StoreError while the database can't be reached. */
export class StoreSession {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Runs a statement. @throws StoreError; a refusal of the database as it is */
  async run<T>(statement: Statement<T>): Promise<T> {
    try {
      return await this.#host.track(statement.execute());
    } catch (error) {
      throw isOutage(error) ? new StoreError(error) : error;
    }
  }

  /** Runs a statement and ignores its result. */
  async execute(statement: Statement<unknown>): Promise<void> {
    await this.run(statement);
  }

  /** Whether a statement changed anything; it must return what it changed, as pg-mem miscounts rows after a conflict. */
  async hasChanged(statement: Statement<readonly object[]>): Promise<boolean> {
    return (await this.run(statement)).length > 0;
  }

  /** All rows of a query. */
  async selectAll<T extends object>(statement: Statement<T[]>): Promise<readonly T[]> {
    const rows = await this.run(statement);
    rows.forEach(parseNumbers);
    return rows;
  }

  /** The first row of a query, if it has one. */
  async selectFirst<T extends object>(statement: Statement<T[]>): Promise<T | undefined> {
    return (await this.selectAll(statement))[0];
  }
}
