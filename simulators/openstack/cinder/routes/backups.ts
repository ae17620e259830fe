import { controls } from "../../cloud.ts";
import type { HttpReply } from "../../../kernel/index.ts";
import { dependentsOf, startBackup, startRemoveBackup } from "../behaviour/backups.ts";
import { recordChange } from "../state/cinder.ts";
import { checkBackupGigabytes, checkCount } from "../state/quotas.ts";
import type { BackupRow, SnapshotRow, VolumeRow } from "../state/rows.ts";
import { requireVolume } from "../state/volumes.ts";
import { backupBrief, backupView } from "../wire/backup-view.ts";
import { readTexts, requireMember } from "../wire/body.ts";
import { badRequest, notFoundById } from "../wire/errors.ts";
import { COMMON_SORT_KEYS, type ListDescription, listPage } from "../wire/lists.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import { type CinderCall, isForAllProjects } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { METADATA, NAME, parseBoolean } from "../wire/schemas.ts";

/** @throws Refusal 404 */
export function requireBackup({ cinder, actor, params }: CinderCall): BackupRow {
  const row = cinder.slot.value.backups.get(params.id ?? "");
  if (row === undefined || !controls(actor, row)) throw notFoundById("Backup", params.id ?? "");
  return row;
}

/** 400 about a backup. */
export const invalidBackup = (reason: string) => badRequest(`Invalid backup: ${reason}`);

/** The snapshot to back up, if one is named. @throws Refusal 400, 404 */
function requireSnapshot({ cinder, actor }: CinderCall, id: unknown, volume: VolumeRow): SnapshotRow | undefined {
  if (typeof id !== "string") return undefined;
  const row = cinder.slot.value.snapshots.get(id);
  if (row === undefined || !controls(actor, row)) throw notFoundById("Snapshot", id);
  if (row.volumeId !== volume.id)
    throw invalidBackup(`Volume ${volume.id} does not match with snapshot.volume_id ${row.volumeId}.`);
  if (row.status !== "available")
    throw badRequest(
      `Invalid snapshot: Snapshot to be backed up must be available, but the current status is "${row.status}".`,
    );
  return row;
}

/** @throws Refusal 400 */
function checkVolume(volume: VolumeRow, isForced: boolean): void {
  if (volume.status !== "available" && volume.status !== "in-use")
    throw badRequest(
      `Invalid volume: Volume to be backed up must be available or in-use, but the current status is "${volume.status}".`,
    );
  if (volume.status === "in-use" && !isForced)
    throw badRequest("Invalid volume: Backing up an in-use volume must use the force flag.");
}

/** The newest usable backup of the volume whose data is older than `dataMs`. @throws Refusal 400 */
function requireParent({ cinder }: CinderCall, volume: VolumeRow, dataMs: number): BackupRow {
  const own = [...cinder.slot.value.backups.values()].filter(({ volumeId }) => volumeId === volume.id);
  const parent = own.filter((row) => row.status === "available" && row.dataMs <= dataMs).at(-1);
  if (parent === undefined) throw invalidBackup("No backups available to do an incremental backup.");
  return parent;
}

const CREATE = {
  type: "object",
  properties: {
    volume_id: { type: "string", format: "uuid" },
    snapshot_id: {},
    incremental: {},
    force: {},
    container: { type: ["string", "null"], maxLength: 255 },
    availability_zone: { type: ["string", "null"] },
    description: NAME,
    name: NAME,
    metadata: METADATA,
  },
  required: ["volume_id"],
} as const;

function create(call: CinderCall): HttpReply {
  const { cinder, actor, requestId } = call;
  const fields = requireMember(call, "backup", CREATE);
  const { name, description } = readTexts(fields);
  const volume = requireVolume(cinder, actor, String(fields.volume_id));
  const snapshot = requireSnapshot(call, fields.snapshot_id, volume);
  checkVolume(volume, parseBoolean(fields.force) === true || snapshot !== undefined);
  checkBackupGigabytes(cinder, actor.projectId, volume.sizeGb);
  checkCount(cinder, actor.projectId, "backups");
  const { nowMs } = cinder.cloud.kernel;
  const dataMs = snapshot?.createdMs ?? nowMs;
  const parent = parseBoolean(fields.incremental) === true ? requireParent(call, volume, dataMs) : undefined;
  const hasService = cinder.cloud.profile !== "rig";
  const row: BackupRow = {
    id: cinder.cloud.uuid("cinder"),
    seq: ++cinder.slot.value.made,
    volumeId: volume.id,
    snapshotId: snapshot?.id ?? null,
    parentId: parent?.id ?? null,
    projectId: actor.projectId,
    userId: actor.userId,
    name: name ?? null,
    description: description ?? null,
    status: "creating",
    sizeGb: volume.sizeGb,
    isBootable: volume.bootable,
    zone: hasService ? (fields.availability_zone ?? cinder.cloud.zones[0] ?? null) : null,
    container: fields.container ?? (hasService ? "volumebackups" : null),
    metadata: fields.metadata ?? {},
    failReason: null,
    dataMs,
    createdMs: nowMs,
    updatedMs: nowMs,
  };
  startBackup(cinder, row, volume, requestId);
  return ok({ backup: backupBrief(call, row) }, 202);
}

function update(call: CinderCall): HttpReply {
  const properties = { name: NAME, description: NAME, metadata: METADATA };
  const fields = requireMember(call, "backup", { type: ["object", "null"], properties });
  const row = requireBackup(call);
  if (fields === null || Object.keys(fields).length === 0)
    throw badRequest("Missing required element 'backup' in request body.");
  const { name, description } = readTexts(fields);
  if (name !== undefined) row.name = name;
  if (description !== undefined) row.description = description;
  if (fields.metadata !== undefined) row.metadata = fields.metadata ?? {};
  row.updatedMs = call.cinder.cloud.kernel.nowMs;
  recordChange(call.cinder, "backup.update", row.id, { name: row.name });
  return ok({ backup: backupBrief(call, row) });
}

function remove(call: CinderCall): HttpReply {
  const row = requireBackup(call);
  if (!["available", "error"].includes(row.status)) throw invalidBackup("Backup status must be available or error");
  if (dependentsOf(call.cinder, row.id).length > 0) throw invalidBackup("Incremental backups exist for this backup.");
  startRemoveBackup(call.cinder, row);
  return emptyReply();
}

const LISTING: ListDescription<BackupRow> = {
  collection: "backups",
  kind: "Backup",
  idOf: ({ id }) => id,
  seqOf: ({ seq }) => seq,
  sortKeys: {
    ...COMMON_SORT_KEYS,
    updated_at: ({ updatedMs }) => updatedMs,
    volume_id: ({ volumeId }) => volumeId,
  },
  filters: {
    name: (row, value) => row.name === value,
    status: (row, value) => row.status === value,
    volume_id: (row, value) => row.volumeId === value,
    project_id: (row, value) => row.projectId === value,
  },
};

function list(call: CinderCall, path: string, shown: (row: BackupRow) => object): HttpReply {
  const own = [...call.cinder.slot.value.backups.values()].filter(
    ({ projectId }) => isForAllProjects(call) || projectId === call.actor.projectId,
  );
  const { page, extras } = listPage(call, LISTING, own, path);
  return ok({ backups: page.map(shown), ...extras });
}

/** Routes of the API reference, "Backups". */
export const BACKUP_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/backups", handler: (call) => list(call, "/backups", (row) => backupBrief(call, row)) },
  {
    method: "GET",
    path: "/backups/detail",
    clients: ["openstack"],
    handler: (call) => list(call, "/backups/detail", (row) => backupView(call, row)),
  },
  {
    method: "GET",
    path: "/backups/:id",
    clients: ["openstack"],
    handler: (call) => ok({ backup: backupView(call, requireBackup(call)) }),
  },
  { method: "POST", path: "/backups", clients: ["openstack"], handler: create },
  { method: "PUT", path: "/backups/:id", from: 9, handler: update },
  { method: "DELETE", path: "/backups/:id", clients: ["openstack"], handler: remove },
];
