import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { concurrency, OsbError } from "../errors.ts";
import type { BackupPayload, RestorePayload } from "../operations/backups.ts";
import type { OperationContext } from "../operations/context.ts";
import type { BackupRow, InstanceRow, RestoreRow } from "../store/schema.ts";
import { requireInstance } from "./instances.ts";
import { type ControlPlane, newId, openOperation, orderOf } from "./operations.ts";

type BackupRequest = FastifyRequest<{ Params: { id: string; backup: string; restore: string } }>;

const time = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString());

const backupView = (row: BackupRow): object => ({
  id: row.id,
  state: row.state,
  size_bytes: row.size_bytes,
  triggered_at: time(row.triggered_ms),
  finished_at: time(row.finished_ms),
});

const restoreView = (row: RestoreRow): object => ({
  id: row.id,
  backup_id: row.backup_id,
  state: row.state,
  triggered_at: time(row.triggered_ms),
  finished_at: time(row.finished_ms),
});

/** An instance that is free for a backup or a restore. @throws OsbError 404, 409 */
async function freeInstance(context: OperationContext, id: string): Promise<InstanceRow> {
  const instance = await requireInstance(context, id, 404);
  if (instance.state !== "ready") throw new OsbError(409, "The service instance is not ready.");
  if ((await context.store.busyWith(id)) !== undefined) throw busyRefusal();
  return instance;
}

const busyRefusal = (): OsbError => new OsbError(409, "Another operation of this service instance is in progress.");

/** A backup of this very instance. @throws OsbError 404 */
async function ownBackup(context: OperationContext, request: BackupRequest): Promise<BackupRow> {
  const backup = await context.store.backup(request.params.backup);
  if (backup === undefined || backup.instance_id !== request.params.id)
    throw new OsbError(404, "There is no such backup.");
  return backup;
}

async function create(controlPlane: ControlPlane, request: BackupRequest, reply: FastifyReply): Promise<object> {
  const { context, executor } = controlPlane;
  const instance = await freeInstance(context, request.params.id);
  const row: BackupRow = {
    id: newId(context),
    instance_id: instance.id,
    state: "queued",
    parts: "[]",
    size_bytes: 0,
    triggered_ms: context.host.nowMs(),
    finished_ms: 0,
  };
  const payload: BackupPayload = { row };
  const operation = orderOf(context, { instanceId: instance.id, kind: "backup", payload });
  if (!(await openOperation(controlPlane, operation))) throw busyRefusal();
  void executor.start(operation);
  await context.store.addBackup(row);
  reply.code(202);
  return backupView(row);
}

async function remove(context: OperationContext, request: BackupRequest): Promise<object> {
  const backup = await ownBackup(context, request);
  if ((await context.store.busyWith(backup.instance_id)) !== undefined) throw concurrency();
  if (backup.state === "deleted") throw new OsbError(410, "The backup is gone.");
  await context.backups.remove(backup.instance_id, backup.id);
  await context.store.setBackup(backup.id, { state: "deleted", parts: "[]" });
  return {};
}

async function restore(controlPlane: ControlPlane, request: BackupRequest, reply: FastifyReply): Promise<object> {
  const { context, executor } = controlPlane;
  const backup = await ownBackup(context, request);
  const instance = await freeInstance(context, request.params.id);
  if (backup.state !== "succeeded") throw new OsbError(422, `A backup that is ${backup.state} can not be restored.`);
  const row: RestoreRow = {
    id: newId(context),
    instance_id: instance.id,
    backup_id: backup.id,
    state: "queued",
    triggered_ms: context.host.nowMs(),
    finished_ms: 0,
  };
  const payload: RestorePayload = { row };
  const operation = orderOf(context, { instanceId: instance.id, kind: "restore", payload });
  if (!(await openOperation(controlPlane, operation))) throw busyRefusal();
  void executor.start(operation);
  await context.store.addRestore(row);
  reply.code(202);
  return restoreView(row);
}

/** Backups as an extension of the OSB API: instance → backups → restores. Ownership is checked on every pair. */
export function backupRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  const { context } = controlPlane;
  const base = "/v2/service_instances/:id/extensions/backup";
  const typed = (request: FastifyRequest): BackupRequest => request as BackupRequest;
  app.post(`${base}/backups`, (request, reply) => create(controlPlane, typed(request), reply));
  app.get(`${base}/backups`, async (request) => {
    const instance = await requireInstance(context, typed(request).params.id, 404);
    return { backups: (await context.store.backupsOf(instance.id)).map(backupView) };
  });
  app.get(`${base}/backups/:backup`, async (request) => backupView(await ownBackup(context, typed(request))));
  app.delete(`${base}/backups/:backup`, (request) => remove(context, typed(request)));
  app.post(`${base}/backups/:backup/restores`, (request, reply) => restore(controlPlane, typed(request), reply));
  app.get(`${base}/restores`, async (request) => {
    const instance = await requireInstance(context, typed(request).params.id, 404);
    return { restores: (await context.store.restoresOf(instance.id)).map(restoreView) };
  });
  app.get(`${base}/restores/:restore`, async (request) => {
    const { id, restore: restoreId } = typed(request).params;
    const row = await context.store.restore(restoreId);
    if (row === undefined || row.instance_id !== id) throw new OsbError(404, "There is no such restore.");
    return restoreView(row);
  });
}
