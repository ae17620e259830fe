import type { SnapshotRow } from "../../state/rows.ts";
import { notFoundById } from "../../wire/errors.ts";
import type { CinderCall } from "../../wire/request.ts";

/** @throws Refusal 404 */
export function requestedSnapshot({ cinder, actor, params }: CinderCall): SnapshotRow {
  const row = cinder.slot.value.snapshots.get(params.id ?? "");
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId))
    throw notFoundById("Snapshot", params.id ?? "");
  return row;
}
