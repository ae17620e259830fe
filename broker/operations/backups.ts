import { parseParts } from "../backup/backups.ts";
import { keyOf, makeKey, openLogKey } from "../backup/data-keys.ts";
import { epochOf, nextEpoch } from "../backup/history.ts";
import { BackendError, FinalError, StoreError } from "../errors.ts";
import type { InstanceAgent } from "../spi/agent.ts";
import type { BackupRow, RestoreRow } from "../store/schema.ts";
import { openText } from "../store/seal.ts";
import type { Operation } from "../store/store.ts";
import { agentOf, awaitCluster, instanceOf, locate, type OperationContext, planOf } from "./context.ts";
import { backupPayload, restorePayload } from "./payloads.ts";

const folderOf = ({ instance_id: instanceId, id }: BackupRow): string => `${instanceId}/${id}`;

/** Dumps the instance into the store. Each attempt is a new dump under a new key, and replaces what an earlier one left. */
export async function backup(context: OperationContext, operation: Operation): Promise<void> {
  const { store, backups, host } = context;
  const { row } = backupPayload(operation);
  await store.addBackup(row);
  const instance = await locate(context, await instanceOf(context, operation));
  const epoch = await epochOf(context, instance);
  await store.setBackup(row.id, { state: "running", started_ms: host.nowMs(), epoch });
  const { key, columns } = await makeKey(context, instance);
  const dump = await agentOf(context, instance).dump();
  const { parts, bytes } = await backups.put(folderOf(row), dump, key);
  await store.setBackup(row.id, {
    ...columns,
    state: "succeeded",
    parts: JSON.stringify(parts),
    size_bytes: bytes,
    finished_ms: host.nowMs(),
  });
}

/**
 * Deletes what was stored before the failure, and stores that the backup failed. The record stays. If the backup store is away, so do the objects, which
 * belong to the failed record: they go with it, and until then `reconcile` lists them. Neither the backup nor its instance waits for that store any longer.
 */
export async function undoBackup({ store, backups, host }: OperationContext, operation: Operation): Promise<void> {
  const { row } = backupPayload(operation);
  await store.addBackup(row);
  try {
    await backups.remove(folderOf(row));
  } catch (error) {
    if (error instanceof StoreError || !(error instanceof BackendError || error instanceof FinalError)) throw error;
  }
  await store.setBackup(row.id, { state: "failed", parts: "[]", finished_ms: host.nowMs() });
}

/**
 * Replaces the data with that of a backup. Everything is fetched and verified before the agent touches live data. This happens once: an attempt
 * after a crash does not undo what was written since.
 */
export async function restore(context: OperationContext, operation: Operation): Promise<void> {
  const { store, host } = context;
  const { row } = restorePayload(operation);
  await store.addRestore(row);
  await store.setRestore(row.id, { state: "running" });
  const source = await store.backup(row.backup_id);
  if (source?.state !== "succeeded") throw new FinalError(`backup ${row.backup_id} no longer exists`);
  const instance = await locate(context, await instanceOf(context, operation));
  const agent = agentOf(context, instance);
  if (!(await agent.isRestored(row.id))) await sendBackup(context, agent, row, source);
  // The replicas are copied again; until they follow, the loss of the primary would be an outage.
  if (planOf(context, instance.plan_id).nodes > 1) await awaitCluster(context, instance);
  await nextEpoch(context, instance, operation.id);
  await store.setRestore(row.id, { state: "succeeded", key_sealed: "", finished_ms: host.nowMs() });
}

async function sendBackup(
  context: OperationContext,
  agent: InstanceAgent,
  row: RestoreRow,
  source: BackupRow,
): Promise<void> {
  const { backups, seal } = context;
  const key = await keyOf(context, source, row.key_sealed === "" ? undefined : openText(seal, row.key_sealed));
  const parts = parseParts(source.parts);
  await backups.verify(parts, key);
  if (row.target_ms > 0) await sendLog(context, agent, row, source);
  await agent.restore({
    name: row.id,
    dump: () => backups.open(parts, key),
    ...(row.target_ms > 0 && { atMs: row.target_ms }),
  });
}

/** Sends what leads from the backup to the moment: the log of its epoch, each file verified as it is read. */
async function sendLog(
  context: OperationContext,
  agent: InstanceAgent,
  { id }: RestoreRow,
  source: BackupRow,
): Promise<void> {
  const files = await context.store.logFilesOf(source.instance_id);
  for (const file of files) {
    const isOfHistory = file.deployment === source.deployment && file.epoch === source.epoch;
    // Files finished before the backup are contained in it, and files are small, so a margin costs little.
    if (!isOfHistory || file.collected_ms < source.triggered_ms) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of context.backups.open(parseParts(file.parts), openLogKey(context, file.data_key)))
      chunks.push(chunk);
    await agent.sendLog(id, file.name, Buffer.concat(chunks));
  }
}

/** Stores that the restore failed; there is nothing to undo. It may have taken effect nonetheless, so the log leads nowhere from here on. */
export async function undoRestore(context: OperationContext, operation: Operation): Promise<void> {
  const { row } = restorePayload(operation);
  await context.store.addRestore(row);
  await nextEpoch(context, await instanceOf(context, operation), operation.id);
  const ended = { state: "failed", key_sealed: "", finished_ms: context.host.nowMs() } as const;
  await context.store.setRestore(row.id, ended);
}
