import type { HttpReply } from "../../../kernel/index.ts";
import { startCreateGroupSnapshot, startDeleteGroupSnapshot } from "../behaviour/groups.ts";
import { startCreateSnapshot } from "../behaviour/snapshots.ts";
import { recordChange } from "../state/cinder.ts";
import { isReserved, requireGroup, requireGroupSnapshot, volumesIn } from "../state/groups.ts";
import { checkCount, checkGigabytes } from "../state/quotas.ts";
import type { GroupSnapshotRow, VolumeRow } from "../state/rows.ts";
import { readAction, requireMember } from "../wire/body.ts";
import { storedTimeOrNull } from "../wire/dates.ts";
import { badRequest, forbiddenByPolicy, noAction } from "../wire/errors.ts";
import { type ListDescription, listPage } from "../wire/lists.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import { type CinderCall, isForAllProjects } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

const FROM = 14;

/** @throws Refusal 400 for the type that only consistency groups have */
function checkType(typeId: string): void {
  if (isReserved(typeId))
    throw badRequest(
      `Group_type ${typeId} is reserved for migrating CGs to groups. Migrated group snapshots can only be operated by CG snapshot APIs.`,
    );
}

const rowOf = ({ cinder, actor, params }: CinderCall): GroupSnapshotRow =>
  requireGroupSnapshot(cinder, actor, params.id ?? "");

const brief = ({ id, name }: GroupSnapshotRow): object => ({ id, name });

const view = (call: CinderCall, row: GroupSnapshotRow): object => ({
  id: row.id,
  group_id: row.groupId,
  group_type_id: row.typeId,
  status: row.status,
  created_at: storedTimeOrNull(row.createdMs),
  name: row.name,
  description: row.description,
  ...(call.version >= 58 && call.actor.isAdmin && { project_id: row.projectId }),
});

/** @throws Refusal 400 for a volume of which no snapshot can be made */
function checkVolume({ status }: VolumeRow): void {
  if (status === "maintenance" || status === "error") {
    const what = status === "error" ? "error status" : "maintenance mode";
    throw badRequest(`Invalid volume: The snapshot cannot be created when the volume is in ${what}.`);
  }
}

function create(call: CinderCall): HttpReply {
  const { cinder, actor } = call;
  const text = { type: ["string", "null"] } as const;
  const { name, description, group_id } = requireMember(call, "group_snapshot", {
    type: "object",
    properties: { group_id: { type: "string" }, name: text, description: text },
    required: ["group_id"],
  });
  const group = requireGroup(cinder, actor, group_id);
  checkType(group.typeId);
  const volumes = volumesIn(cinder, group);
  for (const volume of volumes) checkVolume(volume);
  checkGigabytes(
    cinder,
    actor.projectId,
    volumes.reduce((sum, { sizeGb }) => sum + sizeGb, 0),
    0,
  );
  checkCount(cinder, actor.projectId, "snapshots", volumes.length);
  const nowMs = cinder.cloud.kernel.nowMs;
  const row: GroupSnapshotRow = {
    id: cinder.cloud.uuid("cinder"),
    seq: ++cinder.slot.value.made,
    projectId: actor.projectId,
    groupId: group.id,
    typeId: group.typeId,
    name: name ?? null,
    description: description ?? null,
    status: "creating",
    createdMs: nowMs,
  };
  for (const volume of volumes)
    startCreateSnapshot(cinder, {
      id: cinder.cloud.uuid("cinder"),
      seq: ++cinder.slot.value.made,
      volumeId: volume.id,
      projectId: volume.projectId,
      userId: actor.userId,
      name: row.name,
      description: row.description,
      status: "creating",
      sizeGb: volume.sizeGb,
      metadata: {},
      createdMs: nowMs,
      updatedMs: null,
      groupSnapshotId: row.id,
    });
  startCreateGroupSnapshot(cinder, row);
  return ok({ group_snapshot: { ...brief(row), group_type_id: row.typeId } }, 202);
}

function remove(call: CinderCall): HttpReply {
  const row = rowOf(call);
  checkType(row.typeId);
  const isSource = call.cinder.slot.value.groups
    .values()
    .some((group) => group.groupSnapshotId === row.id && group.status === "creating");
  if (!["available", "error"].includes(row.status) || isSource)
    throw badRequest(
      "Invalid GroupSnapshot: GroupSnapshot status must be available or error, and no Group can be currently using it as source for its creation.",
    );
  startDeleteGroupSnapshot(call.cinder, row);
  return emptyReply();
}

/** Gives it a status, whatever it had; only for administrators. */
function act(call: CinderCall): HttpReply {
  const [name, fields] = readAction(call);
  if (name !== "reset_status" || call.version < 19) throw noAction(name);
  const row = rowOf(call);
  if (!call.actor.isAdmin) throw forbiddenByPolicy("group:reset_group_snapshot_status");
  const { status } = { status: "", ...(typeof fields === "object" ? fields : {}) };
  row.status = String(status).toLowerCase();
  recordChange(call.cinder, "group-snapshot.status", row.id, { status: row.status });
  return emptyReply();
}

const LISTING: ListDescription<GroupSnapshotRow> = {
  collection: "group_snapshots",
  kind: "GroupSnapshot",
  idOf: ({ id }) => id,
  seqOf: ({ seq }) => seq,
  sortKeys: { created_at: ({ seq }) => seq, id: ({ id }) => id, name: ({ name }) => name },
  filters: {
    id: (row, value) => row.id === value,
    name: (row, value) => row.name === value,
    status: (row, value) => row.status === value,
    group_id: (row, value) => row.groupId === value,
  },
};

function list(call: CinderCall, path: string, shown: (row: GroupSnapshotRow) => object): HttpReply {
  const rows = [...call.cinder.slot.value.groupSnapshots.values()].filter(
    (row) => isForAllProjects(call) || row.projectId === call.actor.projectId,
  );
  const { page, extras } = listPage(call, LISTING, rows, path);
  return ok({ group_snapshots: page.map(shown), ...extras });
}

function show(call: CinderCall): HttpReply {
  const row = rowOf(call);
  checkType(row.typeId);
  return ok({ group_snapshot: view(call, row) });
}

/** Routes of the API reference, "Group snapshots". */
export const GROUP_SNAPSHOT_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/group_snapshots", from: FROM, handler: (call) => list(call, "/group_snapshots", brief) },
  {
    method: "GET",
    path: "/group_snapshots/detail",
    from: FROM,
    handler: (call) => list(call, "/group_snapshots/detail", (row) => view(call, row)),
  },
  { method: "POST", path: "/group_snapshots", from: FROM, handler: create },
  { method: "GET", path: "/group_snapshots/:id", from: FROM, handler: show },
  { method: "DELETE", path: "/group_snapshots/:id", from: FROM, handler: remove },
  { method: "POST", path: "/group_snapshots/:id/action", from: FROM, handler: act },
];
