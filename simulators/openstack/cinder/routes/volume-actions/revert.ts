import type { HttpReply } from "../../../../kernel/index.ts";
import { str } from "../../../python/index.ts";
import { startRevert } from "../../behaviour/revert.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { snapshotsOf } from "../../state/snapshots.ts";
import { requireMember } from "../../wire/body.ts";
import { badRequest, noAction } from "../../wire/errors.ts";
import { acceptedReply } from "../../wire/replies.ts";
import type { CinderCall } from "../../wire/request.ts";
import type { VolumeActions } from "./action.ts";

/** Gives a volume the data of its latest snapshot again. From 3.40 on. @throws Refusal 400 */
function revert(call: CinderCall, row: VolumeRow): HttpReply {
  if (call.version < 40) throw noAction("revert");
  const { snapshot_id: id } = requireMember(call, "revert", { type: "object", properties: { snapshot_id: {} } });
  const latest = snapshotsOf(call.cinder, row.id).reduce<ReturnType<typeof snapshotsOf>[number] | undefined>(
    (best, each) => (best === undefined || each.seq > best.seq ? each : best),
    undefined,
  );
  if (latest === undefined) throw badRequest(`Volume ${row.id} doesn't have any snapshots.`);
  if (latest.id !== id)
    throw badRequest(`Specified snapshot ${str(id)} is None or not the latest one of volume ${row.id}.`);
  if (row.sizeGb !== latest.sizeGb)
    throw badRequest(
      `Can't revert volume ${row.id} to its latest snapshot ${latest.id}. The volume size must be equal to the snapshot size.`,
    );
  if (row.status !== "available")
    throw badRequest(
      `Invalid volume: Can't revert volume ${row.id} to its latest snapshot. Volume's status must be 'available'.`,
    );
  if (latest.status !== "available")
    throw badRequest(
      `Invalid snapshot: Can't revert volume ${row.id} to its latest snapshot. Snapshot's status must be 'available'.`,
    );
  startRevert(call.cinder, row, latest);
  return acceptedReply();
}

/** Going back to a snapshot. */
export const REVERT_ACTIONS: VolumeActions = { revert };
