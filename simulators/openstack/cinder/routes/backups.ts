import { controls } from "../../cloud.ts";
import type { HttpReply } from "../../../kernel/index.ts";
import { removeBackup, startBackup } from "../behaviour/backups.ts";
import { checkBackupGigabytes, checkCount } from "../state/quotas.ts";
import type { BackupRow } from "../state/rows.ts";
import { requireVolume } from "../state/volumes.ts";
import { readTexts, requireMember } from "../wire/body.ts";
import { storedTimeOrNull } from "../wire/dates.ts";
import { badRequest, notFoundById, notSimulated } from "../wire/errors.ts";
import { links } from "../wire/links.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import { type CinderCall, isForAllProjects } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { NAME } from "../wire/schemas.ts";

/** @throws Refusal 404 */
function requireBackup({ cinder, actor, params }: CinderCall): BackupRow {
  const row = cinder.slot.value.backups.get(params.id ?? "");
  if (row === undefined || !controls(actor, row)) throw notFoundById("Backup", params.id ?? "");
  return row;
}

const brief = (call: CinderCall, { id, name }: BackupRow): object => ({ id, name, links: links(call, "backups", id) });

const view = (call: CinderCall, row: BackupRow): object => ({
  ...brief(call, row),
  status: row.status,
  size: row.sizeGb,
  object_count: 0,
  availability_zone: null,
  container: row.container,
  created_at: storedTimeOrNull(row.createdMs),
  updated_at: storedTimeOrNull(row.updatedMs),
  description: row.description,
  fail_reason: row.failReason,
  volume_id: row.volumeId,
  is_incremental: false,
  has_dependent_backups: false,
  snapshot_id: row.snapshotId,
  data_timestamp: storedTimeOrNull(row.createdMs),
  ...(call.actor.isAdmin && { "os-backup-project-attr:project_id": row.projectId }),
  ...(call.version >= 43 && { metadata: {} }),
  ...(call.version >= 56 && { user_id: call.actor.userId }),
});

function create(call: CinderCall): HttpReply {
  const { cinder, actor, requestId } = call;
  const fields = requireMember(call, "backup", {
    type: "object",
    properties: {
      volume_id: { type: "string", format: "uuid" },
      container: { type: ["string", "null"], maxLength: 255 },
      description: NAME,
      name: NAME,
    },
    required: ["volume_id"],
  });
  const { name, description } = readTexts(fields);
  const volume = requireVolume(cinder, actor, String(fields.volume_id));
  if (volume.status !== "available")
    throw badRequest(
      `Invalid volume: Volume to be backed up must be available or in-use, but the current status is "${volume.status}".`,
    );
  checkBackupGigabytes(cinder, actor.projectId, volume.sizeGb);
  checkCount(cinder, actor.projectId, "backups");
  const { nowMs } = cinder.cloud.kernel;
  const row: BackupRow = {
    id: cinder.cloud.uuid("cinder"),
    seq: ++cinder.slot.value.made,
    volumeId: volume.id,
    snapshotId: null,
    projectId: actor.projectId,
    name: name ?? null,
    description: description ?? null,
    status: "creating",
    sizeGb: volume.sizeGb,
    container: fields.container ?? null,
    failReason: null,
    createdMs: nowMs,
    updatedMs: nowMs,
  };
  startBackup(cinder, row, volume, requestId);
  return ok({ backup: brief(call, row) }, 202);
}

function remove(call: CinderCall): HttpReply {
  const row = requireBackup(call);
  if (!["available", "error"].includes(row.status))
    throw badRequest("Invalid backup: Backup status must be available or error");
  removeBackup(call.cinder, row);
  return emptyReply();
}

const list = (call: CinderCall, shown: (row: BackupRow) => object): HttpReply => {
  const rows = [...call.cinder.slot.value.backups.values()]
    .filter(({ projectId }) => isForAllProjects(call) || projectId === call.actor.projectId)
    .filter(({ name, status, volumeId }) =>
      Object.entries({ name, status, volume_id: volumeId }).every(
        ([key, value]) => !call.query.has(key) || call.query.get(key) === value,
      ),
    );
  return ok({ backups: rows.reverse().map(shown) });
};

/** Routes of the API reference, "Backups". Each backup fails: this cloud has no backup service. */
export const BACKUP_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/backups", handler: (call) => list(call, (row) => brief(call, row)) },
  {
    method: "GET",
    path: "/backups/detail",
    clients: ["openstack"],
    handler: (call) => list(call, (row) => view(call, row)),
  },
  {
    method: "GET",
    path: "/backups/:id",
    clients: ["openstack"],
    handler: (call) => ok({ backup: view(call, requireBackup(call)) }),
  },
  { method: "POST", path: "/backups", clients: ["openstack"], handler: create },
  { method: "DELETE", path: "/backups/:id", clients: ["openstack"], handler: remove },
  {
    method: "POST",
    path: "/backups/:id/restore",
    handler: (call) => {
      requireBackup(call);
      throw notSimulated("restoring backups: this cloud has no backup service");
    },
  },
];
