import type { FastifyInstance } from "fastify";
import { OsbError } from "../../errors.ts";
import { BACKUP_PATHS } from "../../osb/paths.ts";
import { requireInstance } from "../../osb/instances/lookup.ts";
import type { AnswerBody, ControlPlane } from "../../osb/operations.ts";
import type { BackupRow, InstanceRow, RestoreRow } from "../../store/schema.ts";
import { settingsOf } from "../history.ts";
import { momentsOf } from "../moments.ts";
import { deleteBackup, orderBackup, orderRestore } from "../orders.ts";
import { putSettings } from "../settings.ts";
import { describeMoments, describeSettings, isDownloadable, isoTime } from "./answers.ts";
import {
  backupOf,
  type BackupRequest,
  type BackupRoute,
  backupsOf,
  requestKeyOf,
  restoreOrderOf,
  sendArtifact,
} from "./extension.ts";

/*
 * The backup manager's API, as far as that of anynines' product is known: below `/instances/:id` as its client for Klutch uses it, and below
 * `/v1/instances/:id` as its public API is documented, with two more members (docs/discoveries/data-services.md, "The backup manager"). Operators and
 * what stands in front of them, such as a proxy that checks a user's right to an instance, log in here.
 */
const FORMS = BACKUP_PATHS;

/** The words of that API for states. */
const STATUSES: Readonly<Record<BackupRow["state"], string>> = {
  queued: "queued",
  running: "running",
  succeeded: "done",
  failed: "failed",
  deleted: "deleted",
};

const describe = (row: BackupRow, isPublic: boolean): AnswerBody => ({
  id: row.id,
  size: row.size_bytes,
  status: STATUSES[row.state],
  triggered_at: isoTime(row.triggered_ms),
  finished_at: isoTime(row.finished_ms),
  downloadable: isDownloadable(row),
  ...(isPublic && { backup_id: row.id, started_at: isoTime(row.started_ms) }),
});

const describeRestore = (row: RestoreRow): AnswerBody => ({
  id: row.id,
  status: STATUSES[row.state],
  triggered_at: isoTime(row.triggered_ms),
  finished_at: isoTime(row.finished_ms),
  metadata: { restored_from: row.backup_id },
});

/** The newest good backup of an instance, from which another one can be created. @throws OsbError 422 */
async function newestGood(controlPlane: ControlPlane, instance: InstanceRow): Promise<BackupRow> {
  const newest = (await backupsOf(controlPlane, instance)).findLast(({ state }) => state === "succeeded");
  if (newest === undefined) throw new OsbError(422, "This service instance has no backup that can be restored.");
  return newest;
}

function backupRoutes(app: FastifyInstance, controlPlane: ControlPlane, form: (typeof FORMS)[number]): void {
  const base = `${form}/:id`;
  const isPublic = form === "/v1/instances";
  app.post<BackupRoute>(`${base}/backups`, async (request, reply) => {
    const order = { origin: "request", requestKey: requestKeyOf(request) } as const;
    const { row, isNew } = await orderBackup(controlPlane, request.params.id, order);
    reply.code(isNew ? 201 : 200);
    return { id: row.id, message: "job queued" };
  });
  app.get<BackupRoute>(`${base}/backups`, async ({ params }) => {
    const instance = await requireInstance(controlPlane.context, params.id, 404);
    return (await backupsOf(controlPlane, instance)).map((each) => describe(each, isPublic));
  });
  app.get<BackupRoute>(`${base}/backups/:backup`, async (request) =>
    describe(await backupOf(controlPlane, request), isPublic),
  );
  app.delete<BackupRoute>(`${base}/backups/:backup`, async (request) => {
    await deleteBackup(controlPlane.context, await backupOf(controlPlane, request));
    return { message: "deleted" };
  });
  app.get<BackupRoute>(`${base}/backups/:backup/download`, async (request, reply) =>
    sendArtifact(controlPlane, await backupOf(controlPlane, request), reply),
  );
}

function restoreRoutes(app: FastifyInstance, controlPlane: ControlPlane, base: string): void {
  const { context } = controlPlane;
  const order = async (request: BackupRequest, backupId?: string): Promise<AnswerBody> => {
    if (backupId !== undefined) await backupOf(controlPlane, request);
    const { row } = await orderRestore(controlPlane, request.params.id, restoreOrderOf(request, backupId));
    return { id: row.id };
  };
  for (const name of ["restore", "restores"])
    app.post<BackupRoute>(`${base}/backups/:backup/${name}`, async (request, reply) => {
      reply.code(202);
      return order(request, request.params.backup);
    });
  app.post<BackupRoute>(`${base}/restores`, async (request, reply) => {
    reply.code(202);
    return order(request);
  });
  app.get<BackupRoute>(`${base}/restores`, async ({ params }) => {
    const instance = await requireInstance(context, params.id, 404);
    return (await context.store.restoresOf(instance.id)).map(describeRestore);
  });
  app.get<BackupRoute>(`${base}/restores/:restore`, async ({ params }) => {
    const row = await context.store.restore(params.restore);
    if (row === undefined || row.instance_id !== params.id) throw new OsbError(404, "There is no such restore.");
    return describeRestore(row);
  });
}

/** The routes of both forms. */
export function a9sRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  const { context } = controlPlane;
  for (const form of FORMS) {
    const base = `${form}/:id`;
    backupRoutes(app, controlPlane, form);
    restoreRoutes(app, controlPlane, base);
    app.get<BackupRoute>(`${base}/config`, async ({ params }) =>
      describeSettings(await settingsOf(context, await requireInstance(context, params.id, 404))),
    );
    app.put<BackupRoute>(base, async ({ params, body }) =>
      describeSettings(await putSettings(context, await requireInstance(context, params.id, 404), body)),
    );
    app.get<BackupRoute>(`${base}/pitr`, async ({ params }) =>
      describeMoments(await momentsOf(context, await requireInstance(context, params.id, 404))),
    );
    app.post<BackupRoute>(`${base}/disaster-recovery/prepare`, async ({ params }) => {
      const instance = await requireInstance(context, params.id, 404);
      return { backup_guid: (await newestGood(controlPlane, instance)).id };
    });
  }
}
