import type { Kysely } from "kysely";
import type { InstanceRow, Tables } from "../schema.ts";
import type { StoreSession } from "../session.ts";

type Db = Kysely<Tables>;

/** Statements on the table `instances`. */
export const instancesIn = (db: Db, session: StoreSession) => ({
  instance: (id: string) => session.selectFirst(db.selectFrom("instances").selectAll().where("id", "=", id)),
  instances: () => session.selectAll(db.selectFrom("instances").selectAll().orderBy("created_ms").orderBy("id")),
  addInstance: (row: InstanceRow) =>
    session.hasChanged(
      db
        .insertInto("instances")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  setInstance: (row: InstanceRow, change: Partial<Omit<InstanceRow, "id" | "version">>) =>
    session.hasChanged(
      db
        .updateTable("instances")
        .set({ ...change, version: row.version + 1 })
        .where("id", "=", row.id)
        .where("version", "=", row.version)
        .returning("id"),
    ),
  deleteInstance: (id: string) => session.execute(db.deleteFrom("instances").where("id", "=", id)),
});
