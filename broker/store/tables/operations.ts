import type { Kysely } from "kysely";
import type { Tables } from "../schema.ts";
import type { StoreSession } from "../session.ts";
import type { Operation } from "../store.ts";

type Db = Kysely<Tables>;

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

/** Statements on the table `operations`. */
export const operationsIn = (db: Db, session: StoreSession) => {
  const select = () => db.selectFrom("operations").select(COLUMNS);
  return {
    claim: (row: Operation) =>
      session.hasChanged(
        db
          .insertInto("operations")
          .values({ ...row, busy: row.instance_id })
          .onConflict((conflict) => conflict.doNothing())
          .returning("id"),
      ),
    enqueue: (row: Operation) => session.execute(db.insertInto("operations").values({ ...row, busy: null })),
    takeTurn: (row: Operation) =>
      succeedsUnlessTaken(
        session.run(db.updateTable("operations").set({ busy: row.instance_id }).where("id", "=", row.id)),
      ),
    turnOf: (instanceId: string) => session.selectFirst(select().where("busy", "=", instanceId)),
    operation: (id: string) => session.selectFirst(select().where("id", "=", id)),
    busyWith: (instanceId: string) =>
      session.selectFirst(
        select().where("instance_id", "=", instanceId).where("state", "in", OPEN).orderBy("sequence", "desc").limit(1),
      ),
    newestOf: (instanceId: string, bindingId: string) =>
      session.selectFirst(
        select()
          .where("instance_id", "=", instanceId)
          .where("binding_id", "=", bindingId)
          .where("kind", "in", bindingId === "" ? ["provision", "update", "deprovision"] : ["bind", "unbind"])
          .orderBy("sequence", "desc")
          .limit(1),
      ),
    openOperations: () => session.selectAll(select().where("state", "in", OPEN).orderBy("sequence")),
    undoOperation: (id: string) =>
      session.execute(db.updateTable("operations").set({ state: "undoing" }).where("id", "=", id)),
    endOperation: (id: string, state: "succeeded" | "failed", description: string) =>
      session.execute(db.updateTable("operations").set({ state, description, busy: null }).where("id", "=", id)),
    forgetOperations: (instanceId: string, exceptId: string) =>
      session.execute(db.deleteFrom("operations").where("instance_id", "=", instanceId).where("id", "!=", exceptId)),
  };
};
