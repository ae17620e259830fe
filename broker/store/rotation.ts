import { Kysely, PostgresDialect, sql } from "kysely";
import type { Host } from "../host.ts";
import type { StorePool } from "./pool.ts";
import type { Tables } from "./schema.ts";
import { openText, type Seal, sealedPrefix, sealText } from "./seal.ts";
import { StoreSession } from "./session.ts";

/** Columns that hold one sealed text; an empty one holds none. */
const SEALED_COLUMNS = [
  { table: "instances", column: "secrets" },
  { table: "bindings", column: "password" },
  { table: "backups", column: "data_key" },
  { table: "restores", column: "key_sealed" },
  { table: "backup_keys", column: "sealed" },
  { table: "log_files", column: "data_key" },
] as const;

/** How many rows are read at a time. */
const PAGE_ROWS = 200;
/** While brokers work, a pass may find what an operation has written since the last one. */
const PASSES_MAX = 10;

/** A sealed text within the payload of an operation in progress. Nothing else in it looks like one. */
const IN_PAYLOAD = /v1\.[0-9a-f]{8}\.[A-Za-z0-9+/=]+/g;

/** The result of a rotation. */
interface Rotation {
  /** Texts that are now sealed with the first key of the ring. */
  readonly resealed: number;
  /** Texts of operations in progress that still need an older key: run it again once these have ended. */
  readonly left: number;
}

interface SealedRow {
  readonly id: string;
  readonly sealed: string;
}

/**
 * Reseals row by row. A killed run leaves some rows under the old key and some under the new one, both of which can be opened; the next run
 * continues.
 */
class Rotator {
  readonly #session: StoreSession;
  readonly #seal: Seal;
  readonly #onReseal: (count: number) => void | Promise<void>;
  #count = 0;

  constructor(session: StoreSession, seal: Seal, onReseal: (count: number) => void | Promise<void>) {
    this.#session = session;
    this.#seal = seal;
    this.#onReseal = onReseal;
  }

  get count(): number {
    return this.#count;
  }

  async pass(): Promise<void> {
    for (const { table, column } of SEALED_COLUMNS) await this.#resealColumn(table, column);
    await this.#resealPayloads();
  }

  async #resealColumn(table: string, column: string): Promise<void> {
    const pattern = `${sealedPrefix(this.#seal)}%`;
    for (let last = ""; ; ) {
      const rows = await this.#session.selectAll<SealedRow>((db) =>
        rowsOf(
          sql<SealedRow>`select id, ${sql.ref(column)} as sealed from ${sql.table(table)}
            where ${sql.ref(column)} <> '' and not (${sql.ref(column)} like ${pattern}) and id > ${last}
            order by id limit ${sql.lit(PAGE_ROWS)}`,
          db,
        ),
      );
      if (rows.length === 0) return;
      for (const { id, sealed } of rows) await this.#replace(table, column, id, sealed, this.#reseal(sealed, id));
      last = rows.at(-1)?.id ?? "";
    }
  }

  async #resealPayloads(): Promise<void> {
    for (const { id, payload } of await this.#openPayloads()) {
      const renewed = payload.replace(IN_PAYLOAD, (sealed) => this.#reseal(sealed, id));
      if (renewed !== payload) await this.#replace("operations", "payload", id, payload, renewed);
    }
  }

  #openPayloads(): Promise<readonly { readonly id: string; readonly payload: string }[]> {
    return this.#session.selectAll((db) =>
      db.selectFrom("operations").select(["id", "payload"]).where("state", "in", ["in progress", "undoing"]),
    );
  }

  /** Texts in payloads that still need an older key. */
  async countLeft(): Promise<number> {
    const prefix = sealedPrefix(this.#seal);
    const texts = (await this.#openPayloads()).flatMap(({ payload }) => payload.match(IN_PAYLOAD) ?? []);
    return texts.filter((text) => !text.startsWith(prefix)).length;
  }

  #reseal(sealed: string, id: string): string {
    if (sealed.startsWith(sealedPrefix(this.#seal))) return sealed;
    try {
      return sealText(this.#seal, openText(this.#seal, sealed));
    } catch (error) {
      throw new Error(`${id}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  /** Only texts that nobody has changed meanwhile. */
  async #replace(table: string, column: string, id: string, before: string, after: string): Promise<void> {
    await this.#session.execute((db) =>
      rowsOf(
        sql`update ${sql.table(table)} set ${sql.ref(column)} = ${after} where id = ${id} and ${sql.ref(column)} = ${before}`,
        db,
      ),
    );
    await this.#onReseal(++this.#count);
  }
}

/** A statement whose result is its rows. */
const rowsOf = <T>(
  statement: { execute(db: Kysely<Tables>): Promise<{ rows: T[] }> },
  db: Kysely<Tables>,
): { execute(): Promise<T[]> } => ({ execute: async () => (await statement.execute(db)).rows });

/**
 * Reseals every secret in a store with the first key of the ring, even while brokers use the store: they must all have that key already. It may be
 * killed and run again at any time.
 *
 * @param onReseal called after each text, with the number so far
 * @throws StoreError; Error if a text was sealed with no key of the ring: it names the row
 */
export async function rotateKeys(
  pool: StorePool,
  host: Host,
  seal: Seal,
  onReseal: (count: number) => void | Promise<void> = () => {},
): Promise<Rotation> {
  const session = new StoreSession(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), host);
  const rotator = new Rotator(session, seal, onReseal);
  for (let passed = 0; passed < PASSES_MAX; passed++) {
    const before = rotator.count;
    await rotator.pass();
    if (rotator.count === before) break;
  }
  return { resealed: rotator.count, left: await rotator.countLeft() };
}
