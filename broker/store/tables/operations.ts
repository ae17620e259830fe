import type { Kysely } from "kysely";
import { checkQuotas } from "../quotas.ts";
import type { Tables } from "../schema.ts";
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
async function succeedsUnlessTaken(change: Promise<unknown>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

/** Rolls back what a transaction has done so far. */
class Taken extends Error {}

/** Adds the record that an operation creates. Resolves to false if its id is taken. */
async function insertRecord(db: Kysely<Tables>, { table, row }: NewRecord): Promise<boolean> {
  const added = await db
    .insertInto(table)
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .execute();
  return added.length > 0;
}

/** A line in the audit log. */
async function logOrder(db: Kysely<Tables>, row: Operation, actor: string): Promise<void> {
  const subject = row.binding_id === "" ? row.instance_id : `${row.instance_id}/${row.binding_id}`;
  await db
    .insertInto("audit")
    .values({ at_ms: row.created_ms, actor, action: row.kind, subject, detail: `operation ${row.id}` })
    .execute();
}

const select = (db: Kysely<Tables>) => db.selectFrom("operations").select(COLUMNS);

/** Changes of the table `operations`; new ones are held by this worker. */
export const operationsIn = (session: StoreSession, { name, leaseMs }: Worker) => {
  const claimIn = async (db: Kysely<Tables>, row: Operation): Promise<boolean> => {
    const claimed = await db
      .insertInto("operations")
      .values({ ...row, ...leaseOf(session, name, leaseMs), busy: row.instance_id })
      .onConflict((conflict) => conflict.doNothing())
      .returning("id")
      .execute();
    return claimed.length > 0;
  };
  return {
    claim: (row: Operation, { actor, record, quotas = [] }: Order = {}) =>
      session
        .transaction(async (db) => {
          if (!(await claimIn(db, row))) return false;
          if (actor !== undefined) await logOrder(db, row, actor);
          if (record !== undefined && !(await insertRecord(db, record))) throw new Taken();
          await checkQuotas(db, quotas);
          return true;
        })
        .catch((error: unknown) => {
          if (error instanceof Taken) return false;
          throw error;
        }),
    enqueue: (row: Operation, actor?: string) =>
      session.transaction(async (db) => {
        await db
          .insertInto("operations")
          .values({ ...row, ...leaseOf(session, name, leaseMs), busy: null })
          .execute();
        if (actor !== undefined) await logOrder(db, row, actor);
      }),
    takeTurn: (row: Operation) =>
      succeedsUnlessTaken(
        session.write((db) => db.updateTable("operations").set({ busy: row.instance_id }).where("id", "=", row.id)),
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
