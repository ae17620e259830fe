import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { concurrency, OsbError } from "../errors.ts";
import type { BackupPayload, RestorePayload } from "../operations/backups.ts";
import type { Workshop } from "../operations/context.ts";
import type { BackupRow, InstanceRow, RestoreRow } from "../store/schema.ts";
import { existing } from "./instances.ts";
import { type Desk, newId, open, orderOf } from "./operations.ts";

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
async function freeInstance(shop: Workshop, id: string): Promise<InstanceRow> {
  const instance = await existing(shop, id, 404);
  if (instance.state !== "ready") throw new OsbError(409, "The service instance is not ready.");
  if ((await shop.store.busyWith(id)) !== undefined) throw busy();
  return instance;
}

const busy = (): OsbError => new OsbError(409, "Another operation of this service instance is in progress.");

/** A backup of this very instance. @throws OsbError 404 */
async function ownBackup(shop: Workshop, request: BackupRequest): Promise<BackupRow> {
  const backup = await shop.store.backup(request.params.backup);
  if (backup === undefined || backup.instance_id !== request.params.id)
    throw new OsbError(404, "There is no such backup.");
  return backup;
}

async function create(desk: Desk, request: BackupRequest, reply: FastifyReply): Promise<object> {
  const { shop, executor } = desk;
  const instance = await freeInstance(shop, request.params.id);
  const row: BackupRow = {
    id: newId(shop),
    instance_id: instance.id,
    state: "queued",
    parts: "[]",
    size_bytes: 0,
    triggered_ms: shop.host.nowMs(),
    finished_ms: 0,
  };
  const payload: BackupPayload = { row };
  const operation = orderOf(shop, { instanceId: instance.id, kind: "backup", payload });
  if (!(await open(desk, operation))) throw busy();
  void executor.start(operation);
  await shop.store.addBackup(row);
  reply.code(202);
  return backupView(row);
}

async function remove(shop: Workshop, request: BackupRequest): Promise<object> {
  const backup = await ownBackup(shop, request);
  if ((await shop.store.busyWith(backup.instance_id)) !== undefined) throw concurrency();
  if (backup.state === "deleted") throw new OsbError(410, "The backup is gone.");
  await shop.backups.remove(backup.instance_id, backup.id);
  await shop.store.setBackup(backup.id, { state: "deleted", parts: "[]" });
  return {};
}

async function restore(desk: Desk, request: BackupRequest, reply: FastifyReply): Promise<object> {
  const { shop, executor } = desk;
  const backup = await ownBackup(shop, request);
  const instance = await freeInstance(shop, request.params.id);
  if (backup.state !== "succeeded") throw new OsbError(422, `A backup that is ${backup.state} can not be restored.`);
  const row: RestoreRow = {
    id: newId(shop),
    instance_id: instance.id,
    backup_id: backup.id,
    state: "queued",
    triggered_ms: shop.host.nowMs(),
    finished_ms: 0,
  };
  const payload: RestorePayload = { row };
  const operation = orderOf(shop, { instanceId: instance.id, kind: "restore", payload });
  if (!(await open(desk, operation))) throw busy();
  void executor.start(operation);
  await shop.store.addRestore(row);
  reply.code(202);
  return restoreView(row);
}

/** Backups as an extension of the OSB API: instance → backups → restores. Ownership is checked on every pair. */
export function backupRoutes(app: FastifyInstance, desk: Desk): void {
  const { shop } = desk;
  const base = "/v2/service_instances/:id/extensions/backup";
  const typed = (request: FastifyRequest): BackupRequest => request as BackupRequest;
  app.post(`${base}/backups`, (request, reply) => create(desk, typed(request), reply));
  app.get(`${base}/backups`, async (request) => {
    const instance = await existing(shop, typed(request).params.id, 404);
    return { backups: (await shop.store.backupsOf(instance.id)).map(backupView) };
  });
  app.get(`${base}/backups/:backup`, async (request) => backupView(await ownBackup(shop, typed(request))));
  app.delete(`${base}/backups/:backup`, (request) => remove(shop, typed(request)));
  app.post(`${base}/backups/:backup/restores`, (request, reply) => restore(desk, typed(request), reply));
  app.get(`${base}/restores`, async (request) => {
    const instance = await existing(shop, typed(request).params.id, 404);
    return { restores: (await shop.store.restoresOf(instance.id)).map(restoreView) };
  });
  app.get(`${base}/restores/:restore`, async (request) => {
    const { id, restore: restoreId } = typed(request).params;
    const row = await shop.store.restore(restoreId);
    if (row === undefined || row.instance_id !== id) throw new OsbError(404, "There is no such restore.");
    return restoreView(row);
  });
}
