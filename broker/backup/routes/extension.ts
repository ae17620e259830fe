import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { badRequest, OsbError } from "../../errors.ts";
import { isObject } from "../../json.ts";
import { optionalText } from "../../osb/fields.ts";
import { requireInstance } from "../../osb/instances/lookup.ts";
import type { AnswerBody, ControlPlane } from "../../osb/operations.ts";
import type { BackupRow, InstanceRow } from "../../store/schema.ts";
import { parseParts } from "../backups.ts";
import { settingsOf } from "../history.ts";
import { momentsOf } from "../moments.ts";
import { deleteBackup, isOf, orderBackup, orderRestore, requireOwnBackup, type RestoreOrder } from "../orders.ts";
import { putSettings } from "../settings.ts";
import { describeBackup, describeMoments, describeRestore, describeSettings, isDownloadable } from "./answers.ts";

/** A route below an instance. */
export interface BackupRoute {
  Params: { id: string; backup: string; restore: string };
  Body: unknown;
}
/** A request below an instance. */
export type BackupRequest = FastifyRequest<BackupRoute>;

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * The name that a platform gives an order, so that it can repeat it after a lost answer: `Idempotency-Key`, or else the identity of the request
 * (OSB, "Request Identity").
 *
 * @throws OsbError 400
 */
export function requestKeyOf({ headers }: FastifyRequest): string | undefined {
  const given = headers["idempotency-key"] ?? headers["x-broker-api-request-identity"];
  const key = Array.isArray(given) ? given[0] : given;
  if (key === undefined || KEY.test(key)) return key;
  throw badRequest("Idempotency-Key must be 1 to 255 printable characters without blanks.");
}

/** Finds the backup of a request in the request's own instance. @throws OsbError 404 */
export async function backupOf({ context }: ControlPlane, { params }: BackupRequest): Promise<BackupRow> {
  return requireOwnBackup(context, await requireInstance(context, params.id, 404), params.backup);
}

/** The backups of an instance, oldest first. */
export async function backupsOf({ context }: ControlPlane, instance: InstanceRow): Promise<readonly BackupRow[]> {
  return (await context.store.backupsOf(instance.id)).filter((each) => isOf(instance, each));
}

/** Reads a moment of ISO 8601 with its zone. @throws OsbError 400 */
/** A time with its zone, in ms since the Unix epoch; undefined for none. @throws OsbError 400 */
export function momentOf(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const isMoment = typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/.test(value);
  const ms = isMoment ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw badRequest(`${name} must be a time with its zone, such as 2026-11-30T12:00:00Z.`);
  return ms;
}

/** Reads the body of a restore request. @throws OsbError 400 */
export function restoreOrderOf(request: BackupRequest, backupId?: string): RestoreOrder {
  const body = request.body ?? {};
  if (!isObject(body)) throw badRequest("The body must be a JSON object.");
  const chosen = backupId ?? optionalText(body.backup_id, "backup_id");
  const sourceInstanceId = optionalText(body.source_instance_id, "source_instance_id");
  const atMs = momentOf(body.restore_to, "restore_to");
  const key = optionalText(body.key, "key");
  return {
    requestKey: requestKeyOf(request),
    ...(chosen !== undefined && { backupId: chosen }),
    ...(sourceInstanceId !== undefined && { sourceInstanceId }),
    ...(atMs !== undefined && { atMs }),
    ...(key !== undefined && { key }),
  };
}

/** Sends a backup as it is stored: its tenant has the key. @throws OsbError 403 */
export function sendArtifact({ context }: ControlPlane, backup: BackupRow, reply: FastifyReply): FastifyReply {
  if (context.config.backups?.downloads === false || !isDownloadable(backup))
    throw new OsbError(403, "Only a backup that was made after its key had been set can be downloaded.");
  reply.header("Content-Type", "application/octet-stream");
  reply.header("Content-Disposition", `attachment; filename="${backup.id}.drydock-backup"`);
  return reply.send(Readable.from(context.backups.read(parseParts(backup.parts)), { objectMode: false }));
}

async function create(controlPlane: ControlPlane, request: BackupRequest, reply: FastifyReply): Promise<AnswerBody> {
  const order = { origin: "request", requestKey: requestKeyOf(request) } as const;
  const { row } = await orderBackup(controlPlane, request.params.id, order);
  reply.code(202);
  return describeBackup(row);
}

async function restore(
  controlPlane: ControlPlane,
  request: BackupRequest,
  reply: FastifyReply,
  backupId?: string,
): Promise<AnswerBody> {
  // A backup in the path is the instance's own.
  if (backupId !== undefined) await backupOf(controlPlane, request);
  const { row } = await orderRestore(controlPlane, request.params.id, restoreOrderOf(request, backupId));
  reply.code(202);
  return describeRestore(row);
}

/** Backups that may be restored into an instance: those of its owner, including those of instances that are gone. */
async function sources({ context }: ControlPlane, instance: InstanceRow): Promise<AnswerBody> {
  const backups = await context.store.backupsOfOwner(instance.owner);
  return { sources: backups.map((each) => ({ ...describeBackup(each), instance_id: each.instance_id })) };
}

function restoreRoutes(app: FastifyInstance, controlPlane: ControlPlane, base: string): void {
  const { context } = controlPlane;
  app.post<BackupRoute>(`${base}/backups/:backup/restores`, (request, reply) =>
    restore(controlPlane, request, reply, request.params.backup),
  );
  app.post<BackupRoute>(`${base}/restores`, (request, reply) => restore(controlPlane, request, reply));
  app.get<BackupRoute>(`${base}/restores`, async (request) => {
    const instance = await requireInstance(context, request.params.id, 404);
    return { restores: (await context.store.restoresOf(instance.id)).map(describeRestore) };
  });
  app.get<BackupRoute>(`${base}/restores/:restore`, async ({ params }) => {
    const row = await context.store.restore(params.restore);
    if (row === undefined || row.instance_id !== params.id) throw new OsbError(404, "There is no such restore.");
    return describeRestore(row);
  });
}

/** Backups as an extension of the OSB API: instance → backups → restores. Ownership is checked on every pair. */
export function extensionRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  const { context } = controlPlane;
  const base = "/v2/service_instances/:id/extensions/backup";
  const instanceOf = ({ params }: BackupRequest): Promise<InstanceRow> => requireInstance(context, params.id, 404);
  app.post<BackupRoute>(`${base}/backups`, (request, reply) => create(controlPlane, request, reply));
  app.get<BackupRoute>(`${base}/backups`, async (request) => ({
    backups: (await backupsOf(controlPlane, await instanceOf(request))).map(describeBackup),
  }));
  app.get<BackupRoute>(`${base}/backups/:backup`, async (request) =>
    describeBackup(await backupOf(controlPlane, request)),
  );
  app.delete<BackupRoute>(`${base}/backups/:backup`, async (request) => {
    await deleteBackup(context, await backupOf(controlPlane, request));
    return {};
  });
  app.get<BackupRoute>(`${base}/backups/:backup/download`, async (request, reply) =>
    sendArtifact(controlPlane, await backupOf(controlPlane, request), reply),
  );
  restoreRoutes(app, controlPlane, base);
  app.get<BackupRoute>(`${base}/sources`, async (request) => sources(controlPlane, await instanceOf(request)));
  app.get<BackupRoute>(`${base}/pitr`, async (request) =>
    describeMoments(await momentsOf(context, await instanceOf(request))),
  );
  app.get<BackupRoute>(`${base}/settings`, async (request) =>
    describeSettings(await settingsOf(context, await instanceOf(request))),
  );
  app.put<BackupRoute>(`${base}/settings`, async (request) =>
    describeSettings(await putSettings(context, await instanceOf(request), request.body)),
  );
}
