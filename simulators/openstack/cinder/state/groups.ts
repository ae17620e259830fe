import { type Actor, controls } from "../../cloud.ts";
import { notFoundById } from "../wire/errors.ts";
import type { Cinder } from "./cinder.ts";
import type { GroupRow, GroupSnapshotRow, GroupTypeRow, SnapshotRow, VolumeRow } from "./rows.ts";

/** The type that every Cinder has, for what was once a consistency group; its id is the same everywhere. */
const DEFAULT_TYPE: GroupTypeRow = {
  id: "f72add3f-1bc4-41a6-b6f2-e51ad6780b31",
  name: "default_cgsnapshot_type",
  description: "Default group type for migrating cgsnapshot",
  isPublic: true,
  specs: { consistent_group_snapshot_enabled: "<is> True" },
};

/** The types of a new Cinder. */
export const firstGroupTypes = (): Map<string, GroupTypeRow> => new Map([[DEFAULT_TYPE.id, { ...DEFAULT_TYPE }]]);

/** Whether a type is the one that only the API of consistency groups uses. */
export const isReserved = (typeId: string): boolean => typeId === DEFAULT_TYPE.id;

/** Whether a type promises that its groups are photographed at one moment, which the back end can't. */
export const isConsistent = ({ specs }: GroupTypeRow): boolean =>
  /^<is>\s*true$/i.test(specs.consistent_group_snapshot_enabled ?? "");

/** A group that the actor may see. @throws Refusal 404 */
export function requireGroup({ slot }: Cinder, actor: Actor, id: string): GroupRow {
  const row = slot.value.groups.get(id);
  if (row === undefined || !controls(actor, row)) throw notFoundById("Group", id);
  return row;
}

/** A snapshot of a group that the actor may see. @throws Refusal 404 */
export function requireGroupSnapshot({ slot }: Cinder, actor: Actor, id: string): GroupSnapshotRow {
  const row = slot.value.groupSnapshots.get(id);
  if (row === undefined || !controls(actor, row)) throw notFoundById("GroupSnapshot", id);
  return row;
}

/** A type of groups by id. @throws Refusal 404 */
export function requireGroupType({ slot }: Cinder, id: string): GroupTypeRow {
  const row = slot.value.groupTypes.get(id);
  if (row === undefined) throw notFoundById("Group type", id);
  return row;
}

/** The volumes of a group, in order of creation. */
export const volumesIn = ({ slot }: Cinder, { id, projectId }: GroupRow): readonly VolumeRow[] =>
  [...(slot.value.byProject.get(projectId)?.values() ?? [])].filter(({ groupId }) => groupId === id);

/** The snapshots that were made together. */
export const snapshotsIn = ({ slot }: Cinder, { id }: GroupSnapshotRow): readonly SnapshotRow[] =>
  [...slot.value.snapshots.values()].filter(({ groupSnapshotId }) => groupSnapshotId === id);

/** The snapshots of a group. */
export const groupSnapshotsOf = ({ slot }: Cinder, { id }: GroupRow): readonly GroupSnapshotRow[] =>
  [...slot.value.groupSnapshots.values()].filter(({ groupId }) => groupId === id);
