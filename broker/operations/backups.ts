import type { BackupPart } from "../backup/backups.ts";
import type { BackupRow, RestoreRow } from "../store/schema.ts";
import type { Operation } from "../store/store.ts";
import { agentOf, instanceOf, locate, payloadOf, type OperationContext } from "./context.ts";

/** What a backup is told: the record to make. */
export interface BackupPayload {
  readonly row: BackupRow;
}

export interface RestorePayload {
  readonly row: RestoreRow;
}

export async function backup(context: OperationContext, operation: Operation): Promise<void> {
  const { row } = payloadOf<BackupPayload>(operation);
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

/** What was stored before the failure goes. */
export async function undoBackup(context: OperationContext, operation: Operation): Promise<void> {
  const { row } = payloadOf<BackupPayload>(operation);
  await context.store.addBackup(row);
  await context.backups.remove(row.instance_id, row.id);
  await context.store.setBackup(row.id, { state: "failed", parts: "[]", finished_ms: context.host.nowMs() });
}

/** Everything is fetched and proved whole before the agent touches live data. */
export async function restore(context: OperationContext, operation: Operation): Promise<void> {
  const { row } = payloadOf<RestorePayload>(operation);
  await context.store.addRestore(row);
  await context.store.setRestore(row.id, { state: "running" });
  const source = await context.store.backup(row.backup_id);
  const instance = await locate(context, await instanceOf(context, operation));
  const dump = await context.backups.get(instance.id, JSON.parse(source?.parts ?? "[]") as readonly BackupPart[]);
  await agentOf(context, instance).restore(dump);
  await context.store.setRestore(row.id, { state: "succeeded", finished_ms: context.host.nowMs() });
}

export async function undoRestore(context: OperationContext, operation: Operation): Promise<void> {
  const { row } = payloadOf<RestorePayload>(operation);
  await context.store.addRestore(row);
  await context.store.setRestore(row.id, { state: "failed", finished_ms: context.host.nowMs() });
}
