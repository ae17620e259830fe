import type { Part } from "../backup/backups.ts";
import type { BackupRow, RestoreRow } from "../store/schema.ts";
import type { Operation } from "../store/store.ts";
import { agentOf, instanceOf, locate, payloadOf, type Workshop } from "./context.ts";

/** What a backup is told: the record to make. */
export interface BackupPayload {
  readonly row: BackupRow;
}

export interface RestorePayload {
  readonly row: RestoreRow;
}

export async function backup(shop: Workshop, operation: Operation): Promise<void> {
  const { row } = payloadOf<BackupPayload>(operation);
  await shop.store.addBackup(row);
  await shop.store.setBackup(row.id, { state: "running" });
  const instance = await locate(shop, await instanceOf(shop, operation));
  const dump = await agentOf(shop, instance).dump();
  const parts = await shop.backups.put(instance.id, row.id, dump);
  await shop.store.setBackup(row.id, {
    state: "succeeded",
    parts: JSON.stringify(parts),
    size_bytes: dump.length,
    finished_ms: shop.host.nowMs(),
  });
}

/** What was stored before the failure goes. */
export async function backupFailed(shop: Workshop, operation: Operation): Promise<void> {
  const { row } = payloadOf<BackupPayload>(operation);
  await shop.store.addBackup(row);
  await shop.backups.remove(row.instance_id, row.id);
  await shop.store.setBackup(row.id, { state: "failed", parts: "[]", finished_ms: shop.host.nowMs() });
}

/** Everything is fetched and proved whole before the agent touches live data. */
export async function restore(shop: Workshop, operation: Operation): Promise<void> {
  const { row } = payloadOf<RestorePayload>(operation);
  await shop.store.addRestore(row);
  await shop.store.setRestore(row.id, { state: "running" });
  const source = await shop.store.backup(row.backup_id);
  const instance = await locate(shop, await instanceOf(shop, operation));
  const dump = await shop.backups.get(instance.id, JSON.parse(source?.parts ?? "[]") as readonly Part[]);
  await agentOf(shop, instance).restore(dump);
  await shop.store.setRestore(row.id, { state: "succeeded", finished_ms: shop.host.nowMs() });
}

export async function restoreFailed(shop: Workshop, operation: Operation): Promise<void> {
  const { row } = payloadOf<RestorePayload>(operation);
  await shop.store.addRestore(row);
  await shop.store.setRestore(row.id, { state: "failed", finished_ms: shop.host.nowMs() });
}
