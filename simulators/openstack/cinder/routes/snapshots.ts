import { type HttpReply, isoMicroseconds } from "../../../kernel/index.ts";
import { startCreateSnapshot, startDeleteSnapshot } from "../behaviour/snapshots.ts";
import { recordChange } from "../state/cinder.ts";
import { checkCount, checkGigabytes } from "../state/quotas.ts";
import type { SnapshotRow, VolumeRow } from "../state/rows.ts";
import { requireVolume } from "../state/volumes.ts";
import { readTexts, requireMember } from "../wire/body.ts";
import { storedTimeOrNull } from "../wire/dates.ts";
import { badRequest } from "../wire/errors.ts";
import { metadataFilter } from "../wire/filters.ts";
import { COMMON_SORT_KEYS, type ListDescription, listPage } from "../wire/lists.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import { type CinderCall, isForAllProjects } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { BOOLEAN, METADATA, NAME, parseBoolean } from "../wire/schemas.ts";
import { requireSnapshotOf } from "./snapshots/require-snapshot.ts";
import { str } from "../../python/repr.ts";

const base = ({ version }: CinderCall, row: SnapshotRow, isCreated = false): Record<string, unknown> => ({
  id: row.id,
  created_at: isCreated ? isoMicroseconds(row.createdMs) : storedTimeOrNull(row.createdMs),
  updated_at: isCreated ? null : storedTimeOrNull(row.updatedMs),
  name: row.name,
  description: row.description,
  volume_id: row.volumeId,
  status: row.status,
  size: row.sizeGb,
  metadata: row.metadata,
  ...(version >= 14 && { group_snapshot_id: row.groupSnapshotId }),
  ...(version >= 41 && { user_id: row.userId }),
  ...(version >= 65 && { consumes_quota: true }),
});

const view = (call: CinderCall, row: SnapshotRow): object => ({
  ...base(call, row),
  "os-extended-snapshot-attributes:project_id": row.projectId,
  "os-extended-snapshot-attributes:progress": row.status === "creating" ? "0%" : "100%",
});

/** From 3.66 on a volume in use needs no force, and `force` may only be true. @throws Refusal 400 */
function checkStatus({ version }: CinderCall, volume: VolumeRow, force: unknown): void {
  if (version >= 66 && force !== undefined && parseBoolean(force) !== true)
    throw badRequest(
      "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, however, when the 'force' flag is passed with a value evaluating to True, it is silently ignored.",
    );
  const mayBeUsed = version >= 66 || parseBoolean(force) === true;
  const { status } = volume;
  if (status === "available" || (status === "in-use" && mayBeUsed)) return;
  if (status === "maintenance")
    throw badRequest("Invalid volume: The snapshot cannot be created when the volume is in maintenance mode.");
  if (status === "error")
    throw badRequest("Invalid volume: The snapshot cannot be created when the volume is in error status.");
  throw badRequest(
    `Invalid volume: Volume ${volume.id} status must be available${mayBeUsed ? " or in-use" : ""}, but current status is: ${status}.`,
  );
}

function create(call: CinderCall): HttpReply {
  const { cinder, actor } = call;
  const fields = requireMember(call, "snapshot", {
    type: "object",
    properties: {
      name: NAME,
      display_name: NAME,
      description: NAME,
      volume_id: { type: ["string", "null"], minLength: 1 },
      metadata: METADATA,
      force: BOOLEAN,
    },
    required: ["volume_id"],
  });
  const { name, description } = readTexts(fields);
  const volume = requireVolume(cinder, actor, str(fields.volume_id));
  checkStatus(call, volume, fields.force);
  checkGigabytes(cinder, volume.projectId, volume.sizeGb, 0);
  checkCount(cinder, volume.projectId, "snapshots");
  const row: SnapshotRow = {
    id: cinder.cloud.uuid("cinder"),
    seq: ++cinder.slot.value.made,
    volumeId: volume.id,
    projectId: volume.projectId,
    userId: actor.userId,
    name: name ?? null,
    description: description ?? null,
    status: "creating",
    sizeGb: volume.sizeGb,
    metadata: fields.metadata ?? {},
    createdMs: cinder.cloud.kernel.nowMs,
    updatedMs: null,
    groupSnapshotId: null,
  };
  startCreateSnapshot(cinder, row);
  return ok({ snapshot: base(call, row, true) }, 202);
}

function remove(call: CinderCall): HttpReply {
  const row = requireSnapshotOf(call);
  if (!["available", "error"].includes(row.status) || row.groupSnapshotId !== null)
    throw badRequest("Invalid snapshot: Snapshot status must be available or error and must not be part of a group.");
  startDeleteSnapshot(call.cinder, row);
  return emptyReply();
}

function update(call: CinderCall): HttpReply {
  const row = requireSnapshotOf(call);
  const properties = { name: NAME, description: NAME, display_name: NAME, display_description: NAME };
  const fields = requireMember(call, "snapshot", { type: "object", properties, additionalProperties: false });
  if (Object.keys(fields).length === 0) throw badRequest("Invalid input received: At least one property is required");
  const { name, description } = readTexts(fields);
  if (name !== undefined) row.name = name;
  if (description !== undefined) row.description = description;
  row.updatedMs = call.cinder.cloud.kernel.nowMs;
  recordChange(call.cinder, "snapshot.update", row.id, { name: row.name });
  return ok({ snapshot: base(call, row) });
}

const LISTING: ListDescription<SnapshotRow> = {
  collection: "snapshots",
  kind: "Snapshot",
  idOf: ({ id }) => id,
  seqOf: ({ seq }) => seq,
  sortKeys: {
    ...COMMON_SORT_KEYS,
    volume_size: ({ sizeGb }) => sizeGb,
  },
  filters: {
    name: (row, value) => row.name === value,
    status: (row, value) => row.status === value,
    volume_id: (row, value) => row.volumeId === value,
    metadata: (row, value) => metadataFilter(row.metadata, value),
  },
};

function list(call: CinderCall, path: string, shown: (row: SnapshotRow) => object): HttpReply {
  const own = [...call.cinder.slot.value.snapshots.values()].filter(
    ({ projectId }) => isForAllProjects(call) || projectId === call.actor.projectId,
  );
  const { page, extras } = listPage(call, LISTING, own, path);
  return ok({ snapshots: page.map(shown), ...extras });
}

/** Routes of the API reference, "Volume snapshots". */
export const SNAPSHOT_ROUTES: readonly CinderRoute[] = [
  { method: "POST", path: "/snapshots", clients: ["openstack"], handler: create },
  { method: "GET", path: "/snapshots", handler: (call) => list(call, "/snapshots", (row) => base(call, row)) },
  {
    method: "GET",
    path: "/snapshots/detail",
    clients: ["openstack"],
    handler: (call) => list(call, "/snapshots/detail", (row) => view(call, row)),
  },
  {
    method: "GET",
    path: "/snapshots/:id",
    clients: ["openstack"],
    handler: (call) => ok({ snapshot: view(call, requireSnapshotOf(call)) }),
  },
  { method: "PUT", path: "/snapshots/:id", clients: ["openstack"], handler: update },
  { method: "DELETE", path: "/snapshots/:id", clients: ["openstack"], handler: remove },
];
