import type { HttpReply } from "../../../kernel/index.ts";
import { startRemoval } from "../behaviour/snapshots.ts";
import { member, readBody } from "../wire/body.ts";
import { badRequest, denied } from "../wire/errors.ts";
import { accepted } from "../wire/replies.ts";
import type { Call } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { snapshotOf } from "./snapshots/require-snapshot.ts";

function act(call: Call): HttpReply {
  const body = readBody(call);
  const [name = ""] = typeof body === "object" && body !== null ? Object.keys(body) : [];
  const row = snapshotOf(call);
  if (name !== "os-reset_status" && name !== "os-force_delete")
    throw badRequest(
      `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
    );
  if (!call.actor.isAdmin) throw denied(`volume_extension:snapshot_admin_actions:${name.replace("os-", "")}`);
  if (name === "os-force_delete") startRemoval(call, row);
  else {
    const status = { type: "string", enum: ["available", "creating", "deleting", "error", "error_deleting"] };
    const fields = member(call, name, { type: "object", properties: { status }, required: ["status"] });
    row.status = String(fields.status);
  }
  return accepted();
}

export const SNAPSHOT_ACTION_ROUTES: readonly CinderRoute[] = [
  { method: "POST", path: "/snapshots/:id/action", clients: ["openstack"], handler: act },
];
