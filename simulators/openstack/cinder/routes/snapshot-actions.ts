import { type HttpReply, own } from "../../../kernel/index.ts";
import { startDeleteSnapshot } from "../behaviour/snapshots.ts";
import type { SnapshotRow } from "../state/rows.ts";
import { setSnapshotStatus } from "../state/snapshots.ts";
import { readAction, requireMember } from "../wire/body.ts";
import { badRequest, forbiddenByPolicy, noAction } from "../wire/errors.ts";
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

const UPDATE = {
  type: "object",
  properties: { status: { type: "string" }, progress: {} },
  required: ["status"],
} as const satisfies Schema;

/** Which status may follow which, as the creators of snapshots tell it. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  creating: ["creating", "available", "error"],
  deleting: ["deleting", "error_deleting"],
};

/** @throws Refusal 400 */
function updateStatus(call: CinderCall, row: SnapshotRow): void {
  const { status } = requireMember(call, "os-update_snapshot_status", UPDATE);
  const next = own(NEXT, row.status);
  if (next === undefined) throw badRequest(`Snapshot status ${row.status} not allowed for update_snapshot_status`);
  if (!next.includes(status))
    throw badRequest(`Provided snapshot status ${status} not allowed for snapshot with status ${row.status}.`);
  setSnapshotStatus(call.cinder, row, status);
}

interface SnapshotAction {
  readonly run: (call: CinderCall, row: SnapshotRow) => void;
  /** Whether whoever sees the snapshot may take it; default: only administrators. */
  readonly isForOwners?: true;
}

const ACTIONS: Readonly<Record<string, SnapshotAction>> = {
  "os-reset_status": { run: resetStatus },
  "os-force_delete": { run: ({ cinder }, row) => startDeleteSnapshot(cinder, row) },
  "os-update_snapshot_status": { run: updateStatus, isForOwners: true },
};

function runAction(call: CinderCall): HttpReply {
  const [name] = readAction(call);
  const row = requireSnapshotOf(call);
  const action = own(ACTIONS, name);
  if (action === undefined) throw noAction(name);
  if (!call.actor.isAdmin && action.isForOwners !== true)
    throw forbiddenByPolicy(`volume_extension:snapshot_admin_actions:${name.replace("os-", "")}`);
  action.run(call, row);
  return acceptedReply();
}

/** Routes of the API reference, "Volume snapshots". What administrators do to them. */
export const SNAPSHOT_ACTION_ROUTES: readonly CinderRoute[] = [
  { method: "POST", path: "/snapshots/:id/action", clients: ["openstack"], handler: runAction },
];
