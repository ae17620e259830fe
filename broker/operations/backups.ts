import { parseParts } from "../backup/backups.ts";
import type { Operation } from "../store/store.ts";
import { agentOf, instanceOf, locate, type OperationContext } from "./context.ts";
import { backupPayload, restorePayload } from "./payloads.ts";

/** Dumps the instance and stores the dump. */
export async function backup(context: OperationContext, operation: Operation): Promise<void> {
  const { row } = backupPayload(operation);
  await context.store.addBackup(row);
  await context.store.setBackup(row.id, { state: "running" });
  const instance = await locate(context, await instanceOf(context, operation));
  const dump = await agentOf(context, instance).dump();
  const parts = await context.backups.put(instance.id, row.id, dump);
  await context.store.setBackup(row.id, {
    state: "succeeded",
    parts: JSON.stringify(parts),
    size_bytes: dump.length,
    finished_ms: context.host.nowMs(),
  });
}

/** Deletes what was stored before the failure; the record stays, failed. */
export async function undoBackup(context: OperationContext, operation: Operation): Promise<void> {
  const { row } = backupPayload(operation);
  await context.store.addBackup(row);
  await context.backups.remove(row.instance_id, row.id);
  await context.store.setBackup(row.id, { state: "failed", parts: "[]", finished_ms: context.host.nowMs() });
}

/** Replaces the data by that of a backup. Everything is fetched and verified before the agent touches live data. */
export async function restore(context: OperationContext, operation: Operation): Promise<void> {
  const { row } = restorePayload(operation);
  await context.store.addRestore(row);
  await context.store.setRestore(row.id, { state: "running" });
  const source = await context.store.backup(row.backup_id);
  const instance = await locate(context, await instanceOf(context, operation));
  const dump = await context.backups.get(instance.id, parseParts(source?.parts ?? "[]"));
  await agentOf(context, instance).restore(dump);
  await context.store.setRestore(row.id, { state: "succeeded", finished_ms: context.host.nowMs() });
}

/** Stores that the restore failed; there is nothing to undo. */
export async function undoRestore(context: OperationContext, operation: Operation): Promise<void> {
  const { row } = restorePayload(operation);
  await context.store.addRestore(row);
  await context.store.setRestore(row.id, { state: "failed", finished_ms: context.host.nowMs() });
}
