import { FinalError, OsbError } from "../errors.ts";
import type { OperationContext } from "../operations/context.ts";
import type { BackupPayload, RestorePayload } from "../operations/payloads.ts";
import { newId } from "../osb/ids.ts";
import { requireInstance, requireInUse } from "../osb/instances/lookup.ts";
import { type ControlPlane, newOperation, openOperation } from "../osb/operations.ts";
import type { BackupRow, InstanceRow, RestoreRow } from "../store/schema.ts";
import { sealText } from "../store/seal.ts";
import { keyOf } from "./data-keys.ts";
import { baseFor } from "./moments.ts";

const busyRefusal = (): OsbError => new OsbError(409, "Another operation of this service instance is in progress.");
const unknownBackup = (): OsbError => new OsbError(404, "There is no such backup.");

/** Finds an instance that is free for a backup or a restore. @throws OsbError 404, 409, 422 */
async function requireFreeInstance(context: OperationContext, id: string): Promise<InstanceRow> {
  const instance = await requireInstance(context, id, 404);
  await requireInUse(context, id);
  if (instance.state !== "ready") throw new OsbError(409, "The service instance is not ready.");
  if ((await context.store.busyWith(id)) !== undefined) throw busyRefusal();
  return instance;
}

/** Whether a backup belongs to this very instance. Rows of early brokers name no deployment. */
export const isOf = ({ id, deployment }: InstanceRow, backup: BackupRow): boolean =>
  backup.instance_id === id && (backup.deployment === deployment || backup.deployment === "");

/** Finds a backup of this instance; another instance's does not count. @throws OsbError 404 */
export async function requireOwnBackup(
  context: OperationContext,
  instance: InstanceRow,
  id: string,
): Promise<BackupRow> {
  const backup = await context.store.backup(id);
  if (backup === undefined || !isOf(instance, backup)) throw unknownBackup();
  return backup;
}

/**
 * Finds a backup that may be restored into an instance: its own, or one of another instance of the same owner, which may be gone.
 *
 * @throws OsbError 404
 */
async function requireSource(context: OperationContext, instance: InstanceRow, id: string): Promise<BackupRow> {
  const backup = await context.store.backup(id);
  if (backup === undefined || !(isOf(instance, backup) || backup.owner === instance.owner)) throw unknownBackup();
  return backup;
}

/** Who orders a backup, and under which name, so that a repeated order counts once. */
interface BackupOrder {
  readonly origin: BackupRow["origin"];
  readonly requestKey: string | undefined;
}

/** A backup or a restore as it was ordered now, or before under the same name. */
interface Ordered<Row> {
  readonly row: Row;
  readonly isNew: boolean;
}

/** Orders a backup of an instance. @throws OsbError 404, 409 */
export async function orderBackup(
  controlPlane: ControlPlane,
  instanceId: string,
  { origin, requestKey }: BackupOrder,
): Promise<Ordered<BackupRow>> {
  const { context, executor } = controlPlane;
  const { store, host } = context;
  const known = await knownOrder(requestKey, (key) => store.backupOfRequest(instanceId, key));
  if (known !== undefined) return { row: known, isNew: false };
  const instance = await requireFreeInstance(context, instanceId);
  const id = newId(context);
  const row: BackupRow = {
    id,
    instance_id: instance.id,
    deployment: instance.deployment,
    owner: instance.owner,
    state: "queued",
    origin,
    request_key: requestKey ?? id,
    parts: "[]",
    size_bytes: 0,
    data_key: "",
    wrapped_key: "",
    key_version: 0,
    epoch: 0,
    triggered_ms: host.nowMs(),
    started_ms: 0,
    finished_ms: 0,
    expires_ms: 0,
  };
  const payload: BackupPayload = { row };
  const operation = newOperation(context, { instanceId: instance.id, kind: "backup", payload });
  if (!(await openOperation(controlPlane, operation, { table: "backups", row }))) throw busyRefusal();
  void executor.start(operation);
  return { row, isNew: true };
}

async function knownOrder<Row>(
  key: string | undefined,
  find: (key: string) => Promise<Row | undefined>,
): Promise<Row | undefined> {
  return key === undefined ? undefined : find(key);
}

/** The backup or moment to restore into an instance. */
export interface RestoreOrder {
  /** Absent: the backup that leads to `atMs`. */
  readonly backupId?: string;
  /** The instance whose history is meant. Default: the instance itself. */
  readonly sourceInstanceId?: string;
  /** A moment, ms since the Unix epoch; absent: that of the backup. */
  readonly atMs?: number;
  /** The tenant's key. Default: the one that was set when the backup was made. */
  readonly key?: string;
  readonly requestKey: string | undefined;
}

/** Orders a restore into an instance, whose data it replaces. @throws OsbError 404, 409, 422 */
export async function orderRestore(
  controlPlane: ControlPlane,
  instanceId: string,
  order: RestoreOrder,
): Promise<Ordered<RestoreRow>> {
  const { context, executor } = controlPlane;
  const { store, seal, host } = context;
  const known = await knownOrder(order.requestKey, (key) => store.restoreOfRequest(instanceId, key));
  if (known !== undefined) return { row: known, isNew: false };
  const owner = await requireInstance(context, instanceId, 404);
  const source = await sourceFor(context, owner, order);
  const instance = await requireFreeInstance(context, instanceId);
  if (source.state !== "succeeded") throw new OsbError(422, `A backup that is ${source.state} can't be restored.`);
  await checkKey(context, source, order.key);
  const id = newId(context);
  const row: RestoreRow = {
    id,
    instance_id: instance.id,
    backup_id: source.id,
    source_instance_id: source.instance_id,
    state: "queued",
    request_key: order.requestKey ?? id,
    target_ms: order.atMs ?? 0,
    key_sealed: order.key === undefined ? "" : sealText(seal, order.key),
    triggered_ms: host.nowMs(),
    finished_ms: 0,
  };
  const payload: RestorePayload = { row };
  const operation = newOperation(context, { instanceId: instance.id, kind: "restore", payload });
  if (!(await openOperation(controlPlane, operation, { table: "restores", row }))) throw busyRefusal();
  void executor.start(operation);
  return { row, isNew: true };
}

/** @throws OsbError 404, 422 */
async function sourceFor(context: OperationContext, instance: InstanceRow, order: RestoreOrder): Promise<BackupRow> {
  const { backupId, atMs, sourceInstanceId = instance.id } = order;
  if (backupId !== undefined) {
    const backup = await requireSource(context, instance, backupId);
    if (order.sourceInstanceId !== undefined && backup.instance_id !== order.sourceInstanceId) throw unknownBackup();
    if (atMs !== undefined) throw new OsbError(422, "Give backup_id or a time, not both.");
    return backup;
  }
  if (atMs === undefined) throw new OsbError(422, "Give backup_id or a time.");
  const history = await historyOf(context, instance, sourceInstanceId);
  return baseFor(context, history, atMs);
}

/** The history of another instance of the same owner, as long as that exists. @throws OsbError 404 */
async function historyOf(context: OperationContext, instance: InstanceRow, sourceId: string): Promise<InstanceRow> {
  const source = sourceId === instance.id ? instance : await context.store.instance(sourceId);
  if (source === undefined || source.owner !== instance.owner)
    throw new OsbError(404, "There is no such service instance.");
  return source;
}

/** Fails now, and not in the background, if the key can't open the backup. @throws OsbError 422 */
async function checkKey(context: OperationContext, source: BackupRow, key: string | undefined): Promise<void> {
  try {
    await keyOf(context, source, key);
  } catch (error) {
    if (error instanceof FinalError) throw new OsbError(422, "The key does not open this backup.");
    throw error;
  }
}

/** Deletes the stored objects of a backup; its record stays. @throws OsbError 409, 410, 423 */
export async function deleteBackup(context: OperationContext, backup: BackupRow): Promise<void> {
  const { store, backups } = context;
  if (backup.state === "deleted") throw new OsbError(410, "The backup is gone.");
  if (backup.state === "queued" || backup.state === "running") throw new OsbError(423, "The backup is being made.");
  if ((await store.openRestoresFrom(backup.id)).length > 0) throw new OsbError(423, "The backup is being restored.");
  await backups.remove(`${backup.instance_id}/${backup.id}`);
  await store.setBackup(backup.id, { state: "deleted", parts: "[]", data_key: "", wrapped_key: "" });
}
