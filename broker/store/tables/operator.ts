import type { AuditRow, QuarantineRow } from "../schema.ts";
import type { StoreSession } from "../session.ts";

/** A line of the audit log; its sequence number is the database's. */
export type AuditEntry = Omit<AuditRow, "sequence">;

/** Statements on what operators see and do: the tables `quarantines` and `audit`. */
export const operatorIn = (session: StoreSession) => ({
  quarantineOf: (instanceId: string) =>
    session.selectFirst((db) => db.selectFrom("quarantines").selectAll().where("instance_id", "=", instanceId)),
  quarantines: () => session.selectAll((db) => db.selectFrom("quarantines").selectAll().orderBy("instance_id")),
  addQuarantine: (row: QuarantineRow) =>
    session.hasChanged((db) =>
      db
        .insertInto("quarantines")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("instance_id"),
    ),
  deleteQuarantine: (instanceId: string) =>
    session.execute((db) => db.deleteFrom("quarantines").where("instance_id", "=", instanceId)),
  note: (entry: AuditEntry) => session.execute((db) => db.insertInto("audit").values(entry)),
  auditBefore: (sequence: number | undefined, limit: number) =>
    session.selectAll((db) => {
      const all = db.selectFrom("audit").selectAll().orderBy("sequence", "desc").limit(limit);
      return sequence === undefined ? all : all.where("sequence", "<", sequence);
    }),
  forgetAuditBefore: (ms: number) => session.execute((db) => db.deleteFrom("audit").where("at_ms", "<", ms)),
});
