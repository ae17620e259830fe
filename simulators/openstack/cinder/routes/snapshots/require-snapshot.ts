import type { SnapshotRow } from "../../state/rows.ts";
import { missing } from "../../wire/errors.ts";
import type { Call } from "../../wire/request.ts";

/** @throws Refusal 404 */
export function snapshotOf({ cinder, actor, params }: Call): SnapshotRow {
  const row = cinder.slot.value.snapshots.get(params.id ?? "");
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId))
    throw missing("Snapshot", params.id ?? "");
  return row;
}
