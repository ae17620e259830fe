import type { HttpReply } from "../../../kernel/index.ts";
import { startDeleteSnapshot } from "../behaviour/snapshots.ts";
import { requireMember, readBody } from "../wire/body.ts";
import { badRequest, forbiddenByPolicy } from "../wire/errors.ts";
import { acceptedReply } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { requestedSnapshot } from "./snapshots/require-snapshot.ts";

function act(call: CinderCall): HttpReply {
  const body = readBody(call);
  const [name = ""] = typeof body === "object" && body !== null ? Object.keys(body) : [];
  const row = requestedSnapshot(call);
  if (name !== "os-reset_status" && name !== "os-force_delete")
    throw badRequest(
      `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
    );
  if (!call.actor.isAdmin)
    throw forbiddenByPolicy(`volume_extension:snapshot_admin_actions:${name.replace("os-", "")}`);
  if (name === "os-force_delete") startDeleteSnapshot(call, row);
  else {
    const status = { type: "string", enum: ["available", "creating", "deleting", "error", "error_deleting"] };
    const fields = requireMember(call, name, { type: "object", properties: { status }, required: ["status"] });
    row.status = String(fields.status);
  }
  return acceptedReply();
}

export const SNAPSHOT_ACTION_ROUTES: readonly CinderRoute[] = [
  { method: "POST", path: "/snapshots/:id/action", clients: ["openstack"], handler: act },
];
