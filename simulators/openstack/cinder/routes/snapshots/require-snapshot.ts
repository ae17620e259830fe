import { controls } from "../../../cloud.ts";
import type { SnapshotRow } from "../../state/rows.ts";
import { notFoundById } from "../../wire/errors.ts";
import type { CinderCall } from "../../wire/request.ts";

/** @throws Refusal 404 */
export function requireSnapshotOf({ cinder, actor, params }: CinderCall): SnapshotRow {
  const row = cinder.slot.value.snapshots.get(params.id ?? "");
  if (row === undefined || !controls(actor, row)) throw notFoundById("Snapshot", params.id ?? "");
  return row;
}
