import { type HttpReply, isObject, parseJson } from "../../../kernel/index.ts";
import { createForBackup, removeBackup, startRestore } from "../behaviour/backups.ts";
import { recordChange } from "../state/cinder.ts";
import type { BackupRow, VolumeRow } from "../state/rows.ts";
import { addUsage } from "../state/usage.ts";
import { requireVolume } from "../state/volumes.ts";
import { backupBrief } from "../wire/backup-view.ts";
import { readAction, requireMember } from "../wire/body.ts";
import { badRequest, noAction } from "../wire/errors.ts";
import { acceptedReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { NAME } from "../wire/schemas.ts";
import { invalidBackup, requireBackup } from "./backups.ts";

/** The volume to overwrite. @throws Refusal 400, 404 */
function requireTarget({ cinder, actor }: CinderCall, row: BackupRow, id: string): VolumeRow {
  const volume = requireVolume(cinder, actor, id);
  if (volume.status !== "available") throw badRequest("Invalid volume: Volume to be restored to must be available");
  if (volume.sizeGb < row.sizeGb)
    throw badRequest(
      `Invalid volume: volume size ${volume.sizeGb} is too small to restore backup of size ${row.sizeGb}.`,
    );
  return volume;
}

function restore(call: CinderCall): HttpReply {
  const { cinder, actor } = call;
  const properties = { name: NAME, volume_id: NAME };
  const fields = requireMember(call, "restore", { type: ["object", "null"], properties });
  const row = requireBackup(call);
  if (row.status !== "available") throw invalidBackup("Backup status must be available");
  const id = fields?.volume_id;
  const volume =
    typeof id === "string" ? requireTarget(call, row, id) : createForBackup(cinder, actor, row, fields?.name ?? null);
  startRestore(cinder, row, volume);
  return ok({ restore: { backup_id: row.id, volume_id: volume.id, volume_name: volume.name } }, 202);
}

const DRIVER = "cinder.backup.drivers.swift.SwiftBackupDriver";

/** The record of a backup that an operator keeps in order to find its data again if the database is lost. */
const recordOf = (row: BackupRow): string => Buffer.from(JSON.stringify(row)).toString("base64");

/** Reads such a record. @throws Refusal 400 */
function parseRecord(call: CinderCall, text: string): BackupRow {
  const record = parseJson(Buffer.from(text, "base64").toString("utf8"));
  if (!isObject(record) || typeof record.id !== "string" || typeof record.sizeGb !== "number")
    throw badRequest("Invalid input received: Can't parse backup record.");
  const { backups } = call.cinder.slot.value;
  if (backups.has(record.id)) throw invalidBackup(`Backup already exists in database. ${record.id}`);
  const textOf = (name: string): string | null => {
    const member = record[name];
    return typeof member === "string" ? member : null;
  };
  const { nowMs } = call.cinder.cloud.kernel;
  return {
    id: record.id,
    seq: ++call.cinder.slot.value.made,
    volumeId: textOf("volumeId") ?? "00000000-0000-0000-0000-000000000000",
    snapshotId: null,
    parentId: textOf("parentId"),
    projectId: call.actor.projectId,
    userId: call.actor.userId,
    name: textOf("name"),
    description: textOf("description"),
    status: "available",
    sizeGb: record.sizeGb,
    isBootable: record.isBootable === true,
    zone: textOf("zone"),
    container: textOf("container"),
    metadata: {},
    failReason: null,
    dataMs: typeof record.dataMs === "number" ? record.dataMs : nowMs,
    createdMs: nowMs,
    updatedMs: nowMs,
  };
}

function importRecord(call: CinderCall): HttpReply {
  const fields = requireMember(call, "backup-record", {
    type: "object",
    properties: { backup_service: { type: "string" }, backup_url: { type: "string" } },
    required: ["backup_service", "backup_url"],
  });
  const row = parseRecord(call, fields.backup_url);
  call.cinder.slot.value.backups.set(row.id, row);
  addUsage(call.cinder, row.projectId, { backups: 1, backup_gigabytes: row.sizeGb });
  recordChange(call.cinder, "backup.import", row.id, { project: row.projectId });
  return ok({ backup: backupBrief(call, row) }, 201);
}

function exportRecord(call: CinderCall): HttpReply {
  const row = requireBackup(call);
  if (row.status !== "available") throw invalidBackup(`Backup status must be available and not ${row.status}.`);
  return ok({ "backup-record": { backup_service: DRIVER, backup_url: recordOf(row) } });
}

const BACKUP_ACTIONS: Readonly<Record<string, (call: CinderCall, row: BackupRow) => void>> = {
  "os-reset_status": (call, row) => {
    const { status } = requireMember(call, "os-reset_status", {
      type: "object",
      properties: { status: { type: "string" } },
      required: ["status"],
    });
    row.status = status;
    recordChange(call.cinder, "backup.status", row.id, { status });
  },
  "os-force_delete": ({ cinder }, row) => removeBackup(cinder, row.id),
};

function runAction(call: CinderCall): HttpReply {
  const [name] = readAction(call);
  const action = Object.hasOwn(BACKUP_ACTIONS, name) ? BACKUP_ACTIONS[name] : undefined;
  if (action === undefined) throw noAction(name);
  action(call, requireBackup(call));
  return acceptedReply();
}

/** Routes of the API reference, "Backups": what is done with one. */
export const BACKUP_ACTION_ROUTES: readonly CinderRoute[] = [
  { method: "POST", path: "/backups/:id/restore", handler: restore },
  { method: "GET", path: "/backups/:id/export_record", admin: "backup:export-import", handler: exportRecord },
  { method: "POST", path: "/backups/import_record", admin: "backup:export-import", handler: importRecord },
  {
    method: "POST",
    path: "/backups/:id/action",
    admin: "volume_extension:backup_admin_actions:reset_status",
    handler: runAction,
  },
];
