import type { InstanceRow } from "../schema.ts";
import type { StoreSession } from "../session.ts";

/** Statements on the table `instances`. */
export const instancesIn = (session: StoreSession) => ({
  instance: (id: string) => session.selectFirst((db) => db.selectFrom("instances").selectAll().where("id", "=", id)),
  instances: () =>
    session.selectAll((db) => db.selectFrom("instances").selectAll().orderBy("created_ms").orderBy("id")),
  instancesAfter: (id: string, limit: number) =>
    session.selectAll((db) => db.selectFrom("instances").selectAll().where("id", ">", id).orderBy("id").limit(limit)),
  addInstance: (row: InstanceRow) =>
    session.hasChanged((db) =>
      db
        .insertInto("instances")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  setInstance: (row: InstanceRow, change: Partial<Omit<InstanceRow, "id" | "version">>) =>
    session.hasChanged((db) =>
      db
        .updateTable("instances")
        .set({ ...change, version: row.version + 1 })
        .where("id", "=", row.id)
        .where("version", "=", row.version)
        .returning("id"),
    ),
  deleteInstance: (id: string) => session.execute((db) => db.deleteFrom("instances").where("id", "=", id)),
});
