import type { HttpReply } from "../../../../kernel/index.ts";
import { extrasOf, type Server } from "../../state/server.ts";
import { forbiddenByPolicy } from "../../wire/errors.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { ActionBody, ServerActions } from "./action.ts";

function lock(call: NovaCall, server: Server, body: ActionBody): HttpReply {
  const reason = call.version >= 73 ? ((body.locked_reason as string | undefined) ?? null) : null;
  // Who locks again changes nothing.
  if (server.extras?.lock !== undefined && server.extras.lock.byAdmin === call.actor.isAdmin) return emptyReply(202);
  extrasOf(server).lock = { byAdmin: call.actor.isAdmin, reason };
  return emptyReply(202);
}

function unlock(call: NovaCall, server: Server): HttpReply {
  if (server.extras?.lock?.byAdmin === true && !call.actor.isAdmin)
    throw forbiddenByPolicy("os-lock-server:unlock:unlock_override");
  delete server.extras?.lock;
  return emptyReply(202);
}

export const LOCK_ACTIONS: ServerActions = {
  lock: { run: lock, record: "lock", ignoresLock: true },
  unlock: { run: unlock, record: "unlock", ignoresLock: true },
};
