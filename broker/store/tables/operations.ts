import { type Insertable, type Kysely, type RawBuilder, sql } from "kysely";
import { checkQuotas } from "../quotas.ts";
import type { AuditRow, Tables } from "../schema.ts";
import type { StoreSession } from "../session.ts";
import { leaseOf } from "./leases.ts";
import type { NewRecord, Operation, Order, Worker } from "../store.ts";

const COLUMNS = [
  "id",
  "instance_id",
  "binding_id",
  "kind",
  "state",
  "description",
  "payload",
  "busy",
  "created_ms",
  "worker",
  "fence",
  "traceparent",
] as const;
const OPEN = ["in progress", "undoing"] as const;
const UNIQUE_VIOLATION = "23505";

/** False when the change was refused because another row has the value. */
async function unlessTaken<T>(change: Promise<T>): Promise<T | false> {
  try {
    return await change;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

/** A line in the audit log. */
const lineOf = (row: Operation, actor: string): Insertable<AuditRow> => ({
  at_ms: row.created_ms,
  actor,
  action: row.kind,
  subject: row.binding_id === "" ? row.instance_id : `${row.instance_id}/${row.binding_id}`,
  detail: `operation ${row.id}`,
});

/** Inserts a row if the operation was opened: otherwise, what it selects from has no rows. */
const insertIfOpened = (table: "audit" | NewRecord["table"], row: object): RawBuilder<{ readonly one: number }> => {
  const columns = sql.join(Object.keys(row).map((name) => sql.ref(name)));
  const values = sql.join(Object.values(row));
  // Kysely puts no parentheses around raw SQL.
  return sql`(insert into ${sql.table(table)} (${columns}) select ${values} from opened returning 1 as one)`;
};

const select = (db: Kysely<Tables>) => db.selectFrom("operations").select(COLUMNS);

/**
 * Writes an order in one statement, so that it costs one round trip: the operation, if its instance is not busy; if so, what it makes and a line of the
 * log. A record whose id is taken fails the whole.
 */
async function openIn(
  db: Kysely<Tables>,
  row: Operation,
  lease: ReturnType<typeof leaseOf>,
  { actor, record }: Order,
): Promise<boolean> {
  const opened = db.with("opened", (within) =>
    within
      .insertInto("operations")
      .values({ ...row, ...lease, busy: row.instance_id })
      .onConflict((conflict) => conflict.doNothing())
      .returning("id"),
  );
  const noted = actor === undefined ? opened : opened.with("noted", () => insertIfOpened("audit", lineOf(row, actor)));
  const made = record === undefined ? noted : noted.with("made", () => insertIfOpened(record.table, record.row));
  return (await made.selectFrom("opened").select("id").execute()).length > 0;
}

/** Changes of the table `operations`; new ones are held by this worker. */
export const operationsIn = (session: StoreSession, { name, leaseMs }: Worker) => {
  return {
    openOperation: (row: Operation, order: Order = {}) => {
      const { quotas = [] } = order;
      const lease = leaseOf(session, name, leaseMs);
      const opening =
        quotas.length === 0
          ? session.run(() => openIn(session.db, row, lease, order))
          : session.transaction(async (db) => {
              const isOpened = await openIn(db, row, lease, order);
              if (isOpened) await checkQuotas(db, quotas);
              return isOpened;
            });
      return unlessTaken(opening);
    },
    enqueue: (row: Operation, actor?: string) =>
      session.transaction(async (db) => {
        await db
          .insertInto("operations")
          .values({ ...row, ...leaseOf(session, name, leaseMs), busy: null })
          .execute();
        if (actor !== undefined) await db.insertInto("audit").values(lineOf(row, actor)).execute();
      }),
    takeTurn: (row: Operation) =>
      unlessTaken(
        session
          .execute((db) => db.updateTable("operations").set({ busy: row.instance_id }).where("id", "=", row.id))
          .then(() => true),
      ),
    undoOperation: (id: string) =>
      session.execute((db) => db.updateTable("operations").set({ state: "undoing" }).where("id", "=", id)),
    // Nobody needs its payload any more, and it may hold secrets.
    endOperation: (id: string, state: "succeeded" | "failed", description: string) =>
      session.execute((db) =>
        db.updateTable("operations").set({ state, description, busy: null, payload: "{}" }).where("id", "=", id),
      ),
    forgetOperations: (instanceId: string, exceptId: string) =>
      session.execute((db) =>
        db.deleteFrom("operations").where("instance_id", "=", instanceId).where("id", "!=", exceptId),
      ),
  };
};

/** Queries of the table `operations`. */
export const operationQueriesIn = (session: StoreSession, { name }: Worker) => ({
  turnOf: (instanceId: string) => session.selectFirst((db) => select(db).where("busy", "=", instanceId)),
  operation: (id: string) => session.selectFirst((db) => select(db).where("id", "=", id)),
  busyWith: (instanceId: string) =>
    session.selectFirst((db) =>
      select(db).where("instance_id", "=", instanceId).where("state", "in", OPEN).orderBy("sequence", "desc").limit(1),
    ),
  newestOf: (instanceId: string, bindingId: string) =>
    session.selectFirst((db) =>
      select(db)
        .where("instance_id", "=", instanceId)
        .where("binding_id", "=", bindingId)
        .where("kind", "in", bindingId === "" ? ["provision", "update", "deprovision"] : ["bind", "unbind"])
        .orderBy("sequence", "desc")
        .limit(1),
    ),
  openOperations: () => session.selectAll((db) => select(db).where("state", "in", OPEN).orderBy("sequence")),
  ownOperations: () =>
    session.selectAll((db) => select(db).where("state", "in", OPEN).where("worker", "=", name).orderBy("sequence")),
});
