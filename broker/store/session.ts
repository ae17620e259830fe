import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Host } from "../host.ts";
import { LeaseLostError, StoreError } from "../errors.ts";
import { isOutage } from "./outage.ts";
import type { Tables } from "./schema.ts";

/** Makes a statement on a database, or within a transaction of it. */
type Build<T> = (db: Kysely<Tables>) => { execute(): Promise<T> };

/** PostgreSQL returns 64-bit numbers as text. */
function parseNumbers(row: object): void {
  for (const [name, value] of Object.entries(row))
    if (name.endsWith("_ms") || name.endsWith("_bytes")) Reflect.set(row, name, Number(value));
}

/** Queries the database, and tells the host. Every method throws StoreError while the database can't be reached. */
export class StoreSession {
  readonly db: Kysely<Tables>;
  readonly #host: Host;

  constructor(db: Kysely<Tables>, host: Host) {
    this.db = db;
    this.#host = host;
  }

  /** Does work that the host must know about. @throws StoreError; a refusal of the database as it is */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#host.track(work());
    } catch (error) {
      throw isOutage(error) ? new StoreError(error) : error;
    }
  }

  /** The time by the database's clock, this many ms from now. */
  fromNowMs(ms: number): RawBuilder<number> {
    return sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint + ${ms}::bigint`;
  }

  /** Several statements of which all or none are executed. To the host they are one piece of work, so that a killed process leaves none open. */
  transaction<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    return this.run(() => this.db.transaction().execute(work));
  }

  /** Resolves when the database answers. */
  async ping(): Promise<void> {
    await this.run(() => sql`select 1`.execute(this.db));
  }

  /** Runs a statement that changes something. */
  write<T>(build: Build<T>): Promise<T> {
    return this.run(() => build(this.db).execute());
  }

  /** Runs a statement that changes something, and ignores its result. */
  async execute(build: Build<unknown>): Promise<void> {
    await this.write(build);
  }

  /** Whether a statement changed anything; it must return what it changed, as pg-mem miscounts rows after a conflict. */
  async hasChanged(build: Build<readonly object[]>): Promise<boolean> {
    return (await this.write(build)).length > 0;
  }

  /** The rows that a statement changed, which it must return. */
  async selectChanged<T extends object>(build: Build<T[]>): Promise<readonly T[]> {
    const rows = await this.write(build);
    rows.forEach(parseNumbers);
    return rows;
  }

  /** All rows of a query. */
  async selectAll<T extends object>(build: Build<T[]>): Promise<readonly T[]> {
    const rows = await this.run(() => build(this.db).execute());
    rows.forEach(parseNumbers);
    return rows;
  }

  /** The first row of a query, if it has one. */
  async selectFirst<T extends object>(build: Build<T[]>): Promise<T | undefined> {
    return (await this.selectAll(build))[0];
  }

  /**
   * The same session for the worker on an operation: it changes nothing once somebody else has taken the operation over.
   *
   * @param fence the number with which the operation was taken
   */
  fencedBy(operationId: string, fence: number): StoreSession {
    return new FencedSession(this.db, this.#host, { operationId, fence });
  }
}

interface Fence {
  readonly operationId: string;
  readonly fence: number;
}

/** Checks before each change that the operation is still held, and prevents its takeover until the change is done. */
class FencedSession extends StoreSession {
  readonly #fence: Fence;

  constructor(db: Kysely<Tables>, host: Host, fence: Fence) {
    super(db, host);
    this.#fence = fence;
  }

  override write<T>(build: Build<T>): Promise<T> {
    const { operationId, fence } = this.#fence;
    return this.transaction(async (db) => {
      const held = await db
        .selectFrom("operations")
        .select("id")
        .where("id", "=", operationId)
        .where("fence", "=", fence)
        .forShare()
        .execute();
      if (held.length === 0) throw new LeaseLostError(operationId);
      return build(db).execute();
    });
  }
}
