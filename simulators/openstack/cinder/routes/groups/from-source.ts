import { createVolume } from "../../behaviour/create-volume.ts";
import { startCreateGroup } from "../../behaviour/groups.ts";
import { requireGroup, requireGroupSnapshot, snapshotsIn, volumesIn } from "../../state/groups.ts";
import { checkGigabytes, checkGroupCount } from "../../state/quotas.ts";
import type { GroupRow } from "../../state/rows.ts";
import { requireType } from "../../state/types.ts";
import { requireMember } from "../../wire/body.ts";
import { badRequest } from "../../wire/errors.ts";
import type { CinderCall } from "../../wire/request.ts";

/** A volume of the source: what the new one is like, and where its data is. */
interface Part {
  readonly sizeGb: number;
  readonly typeId: string;
  readonly snapshotId?: string;
  readonly sourceId?: string;
}

/** @throws Refusal 404 */
function partsOf(call: CinderCall, snapshotId: string | undefined, source: GroupRow): readonly Part[] {
  const { cinder, actor } = call;
  if (snapshotId === undefined)
    return volumesIn(cinder, source).map(({ id, sizeGb, typeId }) => ({ sizeGb, typeId, sourceId: id }));
  return snapshotsIn(cinder, requireGroupSnapshot(cinder, actor, snapshotId)).map(({ id, sizeGb, volumeId }) => ({
    sizeGb,
    typeId: cinder.slot.value.volumes.get(volumeId)?.typeId ?? "",
    snapshotId: id,
  }));
}

/** Makes a group with a volume for each of another group, or of a group's snapshot. @throws Refusal 400, 404, 413 */
export function createFromSource(call: CinderCall, checkType: (typeId: string) => void): GroupRow {
  const { cinder, actor, requestId } = call;
  const text = { type: ["string", "null"] } as const;
  const id = { type: "string" } as const;
  const fields = requireMember(call, "create-from-src", {
    type: "object",
    properties: { name: text, description: text, group_snapshot_id: id, source_group_id: id },
  });
  const { group_snapshot_id: snapshotId, source_group_id: groupId } = fields;
  const sourceId = snapshotId === undefined ? groupId : requireGroupSnapshot(cinder, actor, snapshotId).groupId;
  const source = requireGroup(cinder, actor, sourceId ?? "");
  checkType(source.typeId);
  checkGroupCount(cinder, actor.projectId);
  const parts = partsOf(call, snapshotId, source);
  if (parts.length === 0) {
    const what = snapshotId === undefined ? "Source Group" : "Group snapshot";
    throw badRequest(`Invalid Group: ${what} is empty. No group will be created.`);
  }
  checkGigabytes(
    cinder,
    actor.projectId,
    parts.reduce((sum, { sizeGb }) => sum + sizeGb, 0),
    0,
  );
  const row: GroupRow = {
    ...source,
    id: cinder.cloud.uuid("cinder"),
    seq: ++cinder.slot.value.made,
    projectId: actor.projectId,
    name: fields.name?.trim() ?? null,
    description: fields.description?.trim() ?? null,
    status: "creating",
    groupSnapshotId: snapshotId ?? null,
    sourceGroupId: snapshotId === undefined ? source.id : null,
    createdMs: cinder.cloud.kernel.nowMs,
  };
  for (const { typeId, ...part } of parts) {
    const type = requireType(call, typeId);
    const wanted = { name: null, description: null, zone: row.zone, type, metadata: {}, requestId, groupId: row.id };
    createVolume(cinder, actor, { ...part, ...wanted });
  }
  startCreateGroup(cinder, row);
  return row;
}
