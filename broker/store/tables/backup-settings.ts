import type { BackupKeyRow, BackupSettingsRow, LogFileRow } from "../schema.ts";
import type { StoreSession } from "../session.ts";

/** Statements on the table `backup_settings`. */
export const backupSettingsIn = (session: StoreSession) => ({
  backupSettings: (instanceId: string) =>
    session.selectFirst((db) => db.selectFrom("backup_settings").selectAll().where("instance_id", "=", instanceId)),
  /** Those whose schedule is due. */
  dueBackupSettings: (nowMs: number) =>
    session.selectAll((db) =>
      db
        .selectFrom("backup_settings")
        .selectAll()
        .where("due_ms", ">", 0)
        .where("due_ms", "<=", nowMs)
        .orderBy("due_ms")
        .orderBy("instance_id"),
    ),
  allBackupSettings: () =>
    session.selectAll((db) => db.selectFrom("backup_settings").selectAll().orderBy("instance_id")),
  addBackupSettings: (row: BackupSettingsRow) =>
    session.hasChanged((db) =>
      db
        .insertInto("backup_settings")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("instance_id"),
    ),
  setBackupSettings: (instanceId: string, change: Partial<BackupSettingsRow>) =>
    session.execute((db) => db.updateTable("backup_settings").set(change).where("instance_id", "=", instanceId)),
  deleteBackupSettings: (instanceId: string) =>
    session.execute((db) => db.deleteFrom("backup_settings").where("instance_id", "=", instanceId)),
});

/** Statements on the tables of tenants' keys and of logs. */
export const keysAndLogsIn = (session: StoreSession) => ({
  backupKeysOf: (instanceId: string) =>
    session.selectAll((db) =>
      db.selectFrom("backup_keys").selectAll().where("instance_id", "=", instanceId).orderBy("version"),
    ),
  addBackupKey: (row: BackupKeyRow) =>
    session.hasChanged((db) =>
      db
        .insertInto("backup_keys")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  deleteBackupKey: (id: string) => session.execute((db) => db.deleteFrom("backup_keys").where("id", "=", id)),
  logFilesOf: (instanceId: string) =>
    session.selectAll((db) =>
      db.selectFrom("log_files").selectAll().where("instance_id", "=", instanceId).orderBy("epoch").orderBy("name"),
    ),
  addLogFile: (row: LogFileRow) =>
    session.hasChanged((db) =>
      db
        .insertInto("log_files")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  deleteLogFile: (id: string) => session.execute((db) => db.deleteFrom("log_files").where("id", "=", id)),
  deleteLogFilesOf: (instanceId: string) =>
    session.execute((db) => db.deleteFrom("log_files").where("instance_id", "=", instanceId)),
});
