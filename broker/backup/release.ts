import type { OperationContext } from "../operations/context.ts";
import { logFolderOf } from "./log.ts";
import type { BackupRow, InstanceRow } from "../store/schema.ts";

const DAY_MS = 86_400_000;

/**
 * Deletes the backups of an instance that is being deleted, or keeps them for as long as the operator allows, so that its owner can restore them
 * into another instance. Its schedule and its log go.
 */
export async function releaseBackups(context: OperationContext, { id }: InstanceRow): Promise<void> {
  const { store, backups, host, config } = context;
  const days = config.backups?.daysAfterDeprovision ?? 0;
  const rows = await store.backupsOf(id);
  // Those of an earlier instance with the same id already have their end.
  const kept = rows.filter((each) => each.expires_ms > 0 || (days > 0 && each.state === "succeeded"));
  if (kept.length === 0) await backups.remove(id);
  else await removeOthers(context, id, kept);
  const expiresMs = host.nowMs() + days * DAY_MS;
  for (const row of rows) {
    if (!kept.includes(row)) await store.deleteBackup(row.id);
    else if (row.expires_ms === 0) await store.setBackup(row.id, { expires_ms: expiresMs });
  }
  await store.deleteLogFilesOf(id);
  await store.deleteBackupSettings(id);
  const keys = await store.backupKeysOf(id);
  for (const key of keys) {
    const isNeeded = kept.some((each) => each.key_version === key.version && each.deployment === key.deployment);
    if (!isNeeded) await store.deleteBackupKey(key.id);
  }
}

/** Deletes every object of an instance but those of the backups that are kept. */
async function removeOthers(
  { store, backups }: OperationContext,
  id: string,
  kept: readonly BackupRow[],
): Promise<void> {
  const names = new Set(kept.map((each) => each.id));
  for (const row of await store.backupsOf(id)) if (!names.has(row.id)) await backups.remove(`${id}/${row.id}`);
  const logs = await store.logFilesOf(id);
  for (const file of logs) await backups.remove(logFolderOf(file));
}
