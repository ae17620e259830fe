import type { HttpReply } from "../../../kernel/index.ts";
import { startCreateGroup, startDeleteGroup } from "../behaviour/groups.ts";
import { recordChange } from "../state/cinder.ts";
import { groupSnapshotsOf, isReserved, requireGroup, requireGroupType, volumesIn } from "../state/groups.ts";
import { checkGroupCount } from "../state/quotas.ts";
import type { GroupRow } from "../state/rows.ts";
import { snapshotsOf } from "../state/snapshots.ts";
import { findType } from "../state/types.ts";
import { readAction, requireMember } from "../wire/body.ts";
import { storedTimeOrNull } from "../wire/dates.ts";
import { badRequest, forbiddenByPolicy, noAction, notFound, notFoundById, notSimulated } from "../wire/errors.ts";
import { type ListDescription, listPage } from "../wire/lists.ts";
import { acceptedReply, emptyReply, ok } from "../wire/replies.ts";
import { type CinderCall, isForAllProjects } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { parseBoolean } from "../wire/schemas.ts";
import { createFromSource } from "./groups/from-source.ts";
import { updateGroup } from "./groups/update.ts";

const FROM = 13;

/** @throws Refusal 400 for the type that only consistency groups have */
function checkType(typeId: string): void {
  if (isReserved(typeId))
    throw badRequest(
      `Group_type ${typeId} is reserved for migrating CGs to groups. Migrated group can only be operated by CG APIs.`,
    );
}

const rowOf = ({ cinder, actor, params }: CinderCall): GroupRow => requireGroup(cinder, actor, params.id ?? "");

const brief = ({ id, name }: GroupRow): object => ({ id, name });

const view = (call: CinderCall, row: GroupRow): object => ({
  id: row.id,
  status: row.status,
  availability_zone: row.zone,
  created_at: storedTimeOrNull(row.createdMs),
  name: row.name,
  description: row.description,
  group_type: row.typeId,
  volume_types: row.volumeTypeIds,
  ...(call.version >= 14 && { group_snapshot_id: row.groupSnapshotId, source_group_id: row.sourceGroupId }),
  ...(call.version >= 25 &&
    parseBoolean(call.query.get("list_volume")) === true && {
      volumes: volumesIn(call.cinder, row).map(({ id }) => id),
    }),
  ...(call.version >= 38 && { replication_status: "disabled" }),
  ...(call.version >= 58 && call.actor.isAdmin && { project_id: row.projectId }),
});

const trimText = (text: string | null | undefined): string | null => text?.trim() ?? null;

function create(call: CinderCall): HttpReply {
  const { cinder, actor } = call;
  const fields = requireMember(call, "group", {
    type: "object",
    properties: {
      name: { type: ["string", "null"] },
      description: { type: ["string", "null"] },
      group_type: { type: "string" },
      volume_types: { type: "array", items: { type: "string" } },
      availability_zone: { type: ["string", "null"] },
    },
    required: ["group_type", "volume_types"],
  });
  const typeId = groupTypeIn(call, fields.group_type);
  checkType(typeId);
  const types = fields.volume_types.map((each) => {
    const type = findType(cinder, each);
    if (type === undefined) throw notFoundById("Volume type", each);
    return type.id;
  });
  requireGroupType(cinder, typeId);
  const zone = fields.availability_zone ?? cinder.cloud.zones[0] ?? "nova";
  if (!cinder.cloud.zones.includes(zone))
    throw badRequest(`Invalid input received: Availability zone '${zone}' is invalid.`);
  checkGroupCount(cinder, actor.projectId);
  const row: GroupRow = {
    id: cinder.cloud.uuid("cinder"),
    seq: ++cinder.slot.value.made,
    projectId: actor.projectId,
    name: trimText(fields.name),
    description: trimText(fields.description),
    status: "creating",
    zone,
    typeId,
    volumeTypeIds: [...new Set(types)],
    groupSnapshotId: null,
    sourceGroupId: null,
    createdMs: cinder.cloud.kernel.nowMs,
  };
  startCreateGroup(cinder, row);
  return ok({ group: brief(row) }, 202);
}

/** A type by id, or by name. @throws Refusal 404 */
function groupTypeIn({ cinder }: CinderCall, wanted: string): string {
  if (/^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(wanted)) return wanted;
  const found = [...cinder.slot.value.groupTypes.values()].find(({ name }) => name === wanted);
  if (found === undefined) throw notFound(`Group type with name ${wanted} could not be found.`);
  return found.id;
}

/** @throws Refusal 400 while something keeps it */
function checkDeletable(call: CinderCall, row: GroupRow, withVolumes: boolean): void {
  const refuse = (reason: string): never => {
    throw badRequest(`Invalid Group: ${reason}`);
  };
  if (!withVolumes && !["available", "error"].includes(row.status))
    refuse(`Group status must be available or error, but current status is: ${row.status}`);
  if (groupSnapshotsOf(call.cinder, row).length > 0) refuse("Group has existing snapshots.");
  const volumes = volumesIn(call.cinder, row);
  if (volumes.length > 0 && !withVolumes)
    refuse(`Group ${row.id} still contains volumes. The delete-volumes flag is required to delete it.`);
  for (const { id, attachments } of volumes) {
    if (attachments.length > 0) refuse(`Volume in group ${row.id} is attached. Need to detach first.`);
    if (snapshotsOf(call.cinder, id).length > 0) refuse("Volume in group still has dependent snapshots.");
  }
}

function remove(call: CinderCall, fields: Readonly<Record<string, unknown>>): HttpReply {
  const withVolumes = parseBoolean(fields["delete-volumes"]) === true;
  const row = rowOf(call);
  checkType(row.typeId);
  checkDeletable(call, row, withVolumes);
  startDeleteGroup(call.cinder, row);
  return emptyReply();
}

/** Gives it a status, whatever it had; only for administrators. */
function resetStatus(call: CinderCall, fields: Readonly<Record<string, unknown>>): HttpReply {
  const row = rowOf(call);
  if (!call.actor.isAdmin) throw forbiddenByPolicy("group:reset_status");
  row.status = String(fields.status).toLowerCase();
  recordChange(call.cinder, "group.status", row.id, { status: row.status });
  return emptyReply();
}

const REPLICATION = ["enable_replication", "disable_replication", "failover_replication", "list_replication_targets"];

function act(call: CinderCall): HttpReply {
  const [name, value] = readAction(call);
  const fields = { ...(typeof value === "object" ? value : {}) };
  if (name === "delete") return remove(call, fields);
  if (name === "reset_status" && call.version >= 20) return resetStatus(call, fields);
  if (name === "create-from-src" && call.version >= 14)
    return ok({ group: brief(createFromSource(call, checkType)) }, 202);
  if (!REPLICATION.includes(name) || call.version < 38) throw noAction(name);
  rowOf(call);
  throw notSimulated("replication of groups");
}

const LISTING: ListDescription<GroupRow> = {
  collection: "groups",
  kind: "Group",
  idOf: ({ id }) => id,
  seqOf: ({ seq }) => seq,
  sortKeys: {
    created_at: ({ seq }) => seq,
    id: ({ id }) => id,
    name: ({ name }) => name,
    status: ({ status }) => status,
  },
  filters: {
    id: (row, value) => row.id === value,
    name: (row, value) => row.name === value,
    status: (row, value) => row.status === value,
    availability_zone: (row, value) => row.zone === value,
    list_volume: () => true,
  },
};

function list(call: CinderCall, path: string, shown: (row: GroupRow) => object): HttpReply {
  const rows = [...call.cinder.slot.value.groups.values()].filter(
    (row) => (isForAllProjects(call) || row.projectId === call.actor.projectId) && !isReserved(row.typeId),
  );
  const { page, extras } = listPage(call, LISTING, rows, path);
  return ok({ groups: page.map(shown), ...extras });
}

function show(call: CinderCall): HttpReply {
  const row = rowOf(call);
  checkType(row.typeId);
  return ok({ group: view(call, row) });
}

function update(call: CinderCall): HttpReply {
  const row = rowOf(call);
  checkType(row.typeId);
  updateGroup(call, row);
  return acceptedReply();
}

/** Routes of the API reference, "Generic volume groups". */
export const GROUP_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/groups", from: FROM, handler: (call) => list(call, "/groups", brief) },
  {
    method: "GET",
    path: "/groups/detail",
    from: FROM,
    handler: (call) => list(call, "/groups/detail", (row) => view(call, row)),
  },
  { method: "POST", path: "/groups", from: FROM, handler: create },
  // The path of what needs no group of its own.
  { method: "POST", path: "/groups/action", from: 14, handler: act },
  { method: "GET", path: "/groups/:id", from: FROM, handler: show },
  { method: "PUT", path: "/groups/:id", from: FROM, handler: update },
  { method: "POST", path: "/groups/:id/action", from: FROM, handler: act },
];
