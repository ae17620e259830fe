import type { BindingRow } from "../schema.ts";
import type { StoreSession } from "../session.ts";

/** Statements on the table `bindings`. */
export const bindingsIn = (session: StoreSession) => ({
  binding: (id: string) => session.selectFirst((db) => db.selectFrom("bindings").selectAll().where("id", "=", id)),
  bindings: () => session.selectAll((db) => db.selectFrom("bindings").selectAll().orderBy("created_ms").orderBy("id")),
  bindingsOf: (instanceId: string) =>
    session.selectAll((db) =>
      db.selectFrom("bindings").selectAll().where("instance_id", "=", instanceId).orderBy("created_ms").orderBy("id"),
    ),
  addBinding: (row: BindingRow) =>
    session.hasChanged((db) =>
      db
        .insertInto("bindings")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  setBinding: (id: string, change: Partial<BindingRow>) =>
    session.execute((db) => db.updateTable("bindings").set(change).where("id", "=", id)),
  deleteBinding: (id: string) => session.execute((db) => db.deleteFrom("bindings").where("id", "=", id)),
});
