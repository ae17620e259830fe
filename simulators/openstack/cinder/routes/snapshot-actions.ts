import { type HttpReply, own } from "../../../kernel/index.ts";
import { startDeleteSnapshot } from "../behaviour/snapshots.ts";
import type { SnapshotRow } from "../state/rows.ts";
import { setSnapshotStatus } from "../state/snapshots.ts";
import { readAction, requireMember } from "../wire/body.ts";
import { forbiddenByPolicy, noAction } from "../wire/errors.ts";
import { acceptedReply } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { requireSnapshotOf } from "./snapshots/require-snapshot.ts";
import type { Schema } from "../../schema/schema.ts";

const RESET = {
  type: "object",
  properties: {
    status: { type: "string", enum: ["available", "creating", "deleting", "error", "error_deleting"] },
  },
  required: ["status"],
} as const satisfies Schema;

function resetStatus(call: CinderCall, row: SnapshotRow): void {
  setSnapshotStatus(call.cinder, row, requireMember(call, "os-reset_status", RESET).status);
}

const ACTIONS: Readonly<Record<string, (call: CinderCall, row: SnapshotRow) => void>> = {
  "os-reset_status": resetStatus,
  "os-force_delete": ({ cinder }, row) => startDeleteSnapshot(cinder, row),
};

function runAction(call: CinderCall): HttpReply {
  const [name] = readAction(call);
  const row = requireSnapshotOf(call);
  const action = own(ACTIONS, name);
  if (action === undefined) throw noAction(name);
  if (!call.actor.isAdmin)
    throw forbiddenByPolicy(`volume_extension:snapshot_admin_actions:${name.replace("os-", "")}`);
  action(call, row);
  return acceptedReply();
}

/** Routes of the API reference, "Volume snapshots". What administrators do to them. */
export const SNAPSHOT_ACTION_ROUTES: readonly CinderRoute[] = [
  { method: "POST", path: "/snapshots/:id/action", clients: ["openstack"], handler: runAction },
];
