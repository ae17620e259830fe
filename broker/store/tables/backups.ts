import type { BackupRow, RestoreRow } from "../schema.ts";
import type { StoreSession } from "../session.ts";

/** Statements on the table `backups`. */
export const backupsIn = (session: StoreSession) => ({
  backup: (id: string) => session.selectFirst((db) => db.selectFrom("backups").selectAll().where("id", "=", id)),
  backups: () => session.selectAll((db) => db.selectFrom("backups").selectAll().orderBy("triggered_ms").orderBy("id")),
  backupsOf: (instanceId: string) =>
    session.selectAll((db) =>
      db.selectFrom("backups").selectAll().where("instance_id", "=", instanceId).orderBy("triggered_ms").orderBy("id"),
    ),
  addBackup: (row: BackupRow) =>
    session.hasChanged((db) =>
      db
        .insertInto("backups")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  setBackup: (id: string, change: Partial<BackupRow>) =>
    session.execute((db) => db.updateTable("backups").set(change).where("id", "=", id)),
  /** Of any instance of one owner, those that have ended well, newest first. */
  backupsOfOwner: (owner: string) =>
    session.selectAll((db) =>
      db
        .selectFrom("backups")
        .selectAll()
        .where("owner", "=", owner)
        .where("state", "=", "succeeded")
        .orderBy("triggered_ms", "desc")
        .orderBy("id"),
    ),
  backupOfRequest: (instanceId: string, key: string) =>
    session.selectFirst((db) =>
      db.selectFrom("backups").selectAll().where("instance_id", "=", instanceId).where("request_key", "=", key),
    ),
  deleteBackup: (id: string) => session.execute((db) => db.deleteFrom("backups").where("id", "=", id)),
  deleteBackupsOf: (instanceId: string) =>
    session.execute((db) => db.deleteFrom("backups").where("instance_id", "=", instanceId)),
});

/** Statements on the table `restores`. */
export const restoresIn = (session: StoreSession) => ({
  restore: (id: string) => session.selectFirst((db) => db.selectFrom("restores").selectAll().where("id", "=", id)),
  restoresOf: (instanceId: string) =>
    session.selectAll((db) =>
      db.selectFrom("restores").selectAll().where("instance_id", "=", instanceId).orderBy("triggered_ms").orderBy("id"),
    ),
  addRestore: (row: RestoreRow) =>
    session.hasChanged((db) =>
      db
        .insertInto("restores")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  setRestore: (id: string, change: Partial<RestoreRow>) =>
    session.execute((db) => db.updateTable("restores").set(change).where("id", "=", id)),
  restoreOfRequest: (instanceId: string, key: string) =>
    session.selectFirst((db) =>
      db.selectFrom("restores").selectAll().where("instance_id", "=", instanceId).where("request_key", "=", key),
    ),
  /** Restores of a backup that have not ended. */
  openRestoresFrom: (backupId: string) =>
    session.selectAll((db) =>
      db
        .selectFrom("restores")
        .selectAll()
        .where("backup_id", "=", backupId)
        .where("state", "in", ["queued", "running"]),
    ),
  deleteRestoresOf: (instanceId: string) =>
    session.execute((db) => db.deleteFrom("restores").where("instance_id", "=", instanceId)),
});
