import { type Cinder, recordChange } from "../state/cinder.ts";
import { isConsistent, snapshotsIn, volumesIn } from "../state/groups.ts";
import type { GroupRow, GroupSnapshotRow } from "../state/rows.ts";
import { startDeleteVolume } from "./delete-volume.ts";
import { startDeleteSnapshot } from "./snapshots.ts";

/** ms of simulated work. */
const CREATE_MS = 1000;
const UPDATE_MS = 500;
const DELETE_MS = 2000;

function setGroupStatus(cinder: Cinder, row: GroupRow | GroupSnapshotRow, status: string): void {
  row.status = status;
  recordChange(cinder, "group.status", row.id, { status });
}

/** Adds a group, which a back end takes on later; a back end that can't keep what its type promises fails it. */
export function startCreateGroup(cinder: Cinder, row: GroupRow): void {
  const { kernel } = cinder.cloud;
  const { groups, groupTypes } = cinder.slot.value;
  groups.set(row.id, row);
  recordChange(cinder, "group.create", row.id, { project: row.projectId });
  const type = groupTypes.get(row.typeId);
  const status = type !== undefined && isConsistent(type) ? "error" : "available";
  kernel.timer(kernel.work(CREATE_MS), "cinder/group", { id: row.id, status });
}

/** The changes to the volumes of a group. */
interface GroupChange {
  readonly id: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Has volumes join and leave a group, later. */
export function startUpdateGroup(cinder: Cinder, row: GroupRow, change: Omit<GroupChange, "id">): void {
  const { kernel } = cinder.cloud;
  setGroupStatus(cinder, row, "updating");
  kernel.timer(kernel.work(UPDATE_MS), "cinder/group-updated", { id: row.id, ...change });
}

/** Deletes a group with its volumes; it is gone later. */
export function startDeleteGroup(cinder: Cinder, row: GroupRow): void {
  const { kernel } = cinder.cloud;
  for (const volume of volumesIn(cinder, row)) startDeleteVolume(cinder, volume);
  setGroupStatus(cinder, row, "deleting");
  kernel.timer(kernel.work(DELETE_MS), "cinder/group-deleted", { id: row.id });
}

/** Adds the snapshot of a group, whose parts are being made. */
export function startCreateGroupSnapshot(cinder: Cinder, row: GroupSnapshotRow): void {
  const { kernel } = cinder.cloud;
  cinder.slot.value.groupSnapshots.set(row.id, row);
  recordChange(cinder, "group-snapshot.create", row.id, { group: row.groupId });
  kernel.timer(kernel.work(CREATE_MS), "cinder/group", { id: row.id, status: "available" });
}

/** Deletes the snapshot of a group with its parts; it is gone later. */
export function startDeleteGroupSnapshot(cinder: Cinder, row: GroupSnapshotRow): void {
  const { kernel } = cinder.cloud;
  for (const snapshot of snapshotsIn(cinder, row)) startDeleteSnapshot(cinder, snapshot);
  setGroupStatus(cinder, row, "deleting");
  kernel.timer(kernel.work(DELETE_MS), "cinder/group-deleted", { id: row.id });
}

/** Turns a group, or the snapshot of one, to what has become of it. */
function endCreateGroup(cinder: Cinder, { id, status }: { readonly id: string; readonly status: string }): void {
  const row = cinder.slot.value.groups.get(id) ?? cinder.slot.value.groupSnapshots.get(id);
  if (row?.status === "creating") setGroupStatus(cinder, row, status);
}

function endUpdateGroup(cinder: Cinder, { id, added, removed }: GroupChange): void {
  const { groups, volumes } = cinder.slot.value;
  const row = groups.get(id);
  if (row?.status !== "updating") return;
  for (const volume of added.flatMap((each) => volumes.get(each) ?? [])) volume.groupId = id;
  for (const volume of removed.flatMap((each) => volumes.get(each) ?? [])) volume.groupId = null;
  setGroupStatus(cinder, row, "available");
}

/** Whatever has not gone with the group stays as it is, in no group. */
function endDeleteGroup(cinder: Cinder, id: string): void {
  const { groups, groupSnapshots } = cinder.slot.value;
  const row = groups.get(id);
  if (row !== undefined) for (const volume of volumesIn(cinder, row)) volume.groupId = null;
  if (groups.delete(id) || groupSnapshots.delete(id)) recordChange(cinder, "group.gone", id);
}

/** Declares the timers of groups; once, at construction. */
export function defineGroupTimers(cinder: Cinder): void {
  const { kernel } = cinder.cloud;
  kernel.onTimer<{ id: string; status: string }>("cinder/group", (end) => endCreateGroup(cinder, end));
  kernel.onTimer<GroupChange>("cinder/group-updated", (change) => endUpdateGroup(cinder, change));
  kernel.onTimer<{ id: string }>("cinder/group-deleted", ({ id }) => endDeleteGroup(cinder, id));
}
