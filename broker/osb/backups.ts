import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { concurrency, OsbError } from "../errors.ts";
import type { OperationContext } from "../operations/context.ts";
import type { BackupPayload, RestorePayload } from "../operations/payloads.ts";
import type { BackupRow, InstanceRow, RestoreRow } from "../store/schema.ts";
import { newId } from "./ids.ts";
import { requireInstance } from "./instances/lookup.ts";
import { type AnswerBody, type ControlPlane, newOperation, openOperation } from "./operations.ts";

interface BackupRoute {
  Params: { id: string; backup: string; restore: string };
}
type BackupRequest = FastifyRequest<BackupRoute>;

const isoTime = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString());

const describeBackup = (row: BackupRow): AnswerBody => ({
  id: row.id,
  state: row.state,
  size_bytes: row.size_bytes,
  triggered_at: isoTime(row.triggered_ms),
  finished_at: isoTime(row.finished_ms),
});

const describeRestore = (row: RestoreRow): AnswerBody => ({
  id: row.id,
  backup_id: row.backup_id,
  state: row.state,
  triggered_at: isoTime(row.triggered_ms),
  finished_at: isoTime(row.finished_ms),
});

/** Finds an instance that is free for a backup or a restore. @throws OsbError 404, 409 */
async function requireFreeInstance(context: OperationContext, id: string): Promise<InstanceRow> {
  const instance = await requireInstance(context, id, 404);
  if (instance.state !== "ready") throw new OsbError(409, "The service instance is not ready.");
  if ((await context.store.busyWith(id)) !== undefined) throw busyRefusal();
  return instance;
}

const busyRefusal = (): OsbError => new OsbError(409, "Another operation of this service instance is in progress.");

/** Finds a backup of this instance; another instance's does not count. @throws OsbError 404 */
async function requireOwnBackup(context: OperationContext, request: BackupRequest): Promise<BackupRow> {
  const backup = await context.store.backup(request.params.backup);
  if (backup === undefined || backup.instance_id !== request.params.id)
    throw new OsbError(404, "There is no such backup.");
  return backup;
}

const newBackup = (context: OperationContext, instance: InstanceRow): BackupRow => ({
  id: newId(context),
  instance_id: instance.id,
  state: "queued",
  parts: "[]",
  size_bytes: 0,
  triggered_ms: context.host.nowMs(),
  finished_ms: 0,
});

const newRestore = (context: OperationContext, backup: BackupRow): RestoreRow => ({
  id: newId(context),
  instance_id: backup.instance_id,
  backup_id: backup.id,
  state: "queued",
  triggered_ms: context.host.nowMs(),
  finished_ms: 0,
});

async function create(controlPlane: ControlPlane, request: BackupRequest, reply: FastifyReply): Promise<AnswerBody> {
  const { context, executor } = controlPlane;
  const instance = await requireFreeInstance(context, request.params.id);
  const row = newBackup(context, instance);
  const payload: BackupPayload = { row };
  const operation = newOperation(context, { instanceId: instance.id, kind: "backup", payload });
  if (!(await openOperation(controlPlane, operation, { table: "backups", row }))) throw busyRefusal();
  void executor.start(operation);
  reply.code(202);
  return describeBackup(row);
}

async function remove(context: OperationContext, request: BackupRequest): Promise<AnswerBody> {
  const backup = await requireOwnBackup(context, request);
  if ((await context.store.busyWith(backup.instance_id)) !== undefined) throw concurrency();
  if (backup.state === "deleted") throw new OsbError(410, "The backup is gone.");
  await context.backups.remove(backup.instance_id, backup.id);
  await context.store.setBackup(backup.id, { state: "deleted", parts: "[]" });
  return {};
}

async function restore(controlPlane: ControlPlane, request: BackupRequest, reply: FastifyReply): Promise<AnswerBody> {
  const { context, executor } = controlPlane;
  const backup = await requireOwnBackup(context, request);
  await requireFreeInstance(context, request.params.id);
  if (backup.state !== "succeeded") throw new OsbError(422, `A backup that is ${backup.state} can't be restored.`);
  const row = newRestore(context, backup);
  const payload: RestorePayload = { row };
  const operation = newOperation(context, { instanceId: row.instance_id, kind: "restore", payload });
  if (!(await openOperation(controlPlane, operation, { table: "restores", row }))) throw busyRefusal();
  void executor.start(operation);
  reply.code(202);
  return describeRestore(row);
}

async function showRestore(context: OperationContext, { params }: BackupRequest): Promise<AnswerBody> {
  const row = await context.store.restore(params.restore);
  if (row === undefined || row.instance_id !== params.id) throw new OsbError(404, "There is no such restore.");
  return describeRestore(row);
}

/** Backups as an extension of the OSB API: instance → backups → restores. Ownership is checked on every pair. */
export function backupRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  const { context } = controlPlane;
  const base = "/v2/service_instances/:id/extensions/backup";
  app.post<BackupRoute>(`${base}/backups`, (request, reply) => create(controlPlane, request, reply));
  app.get<BackupRoute>(`${base}/backups`, async (request) => {
    const instance = await requireInstance(context, request.params.id, 404);
    return { backups: (await context.store.backupsOf(instance.id)).map(describeBackup) };
  });
  app.get<BackupRoute>(`${base}/backups/:backup`, async (request) =>
    describeBackup(await requireOwnBackup(context, request)),
  );
  app.delete<BackupRoute>(`${base}/backups/:backup`, (request) => remove(context, request));
  app.post<BackupRoute>(`${base}/backups/:backup/restores`, (request, reply) => restore(controlPlane, request, reply));
  app.get<BackupRoute>(`${base}/restores`, async (request) => {
    const instance = await requireInstance(context, request.params.id, 404);
    return { restores: (await context.store.restoresOf(instance.id)).map(describeRestore) };
  });
  app.get<BackupRoute>(`${base}/restores/:restore`, (request) => showRestore(context, request));
}
