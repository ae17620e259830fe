import type { HttpReply } from "../../../../kernel/index.ts";
import { extrasOf, type Server } from "../../state/server.ts";
import { denied } from "../../wire/errors.ts";
import { nothing } from "../../wire/replies.ts";
import type { Call } from "../../wire/request.ts";
import type { Body, ServerActions } from "./action.ts";

function lock(call: Call, server: Server, body: Body): HttpReply {
  const reason = call.version >= 73 ? ((body.locked_reason as string | undefined) ?? null) : null;
  // Who locks again changes nothing.
  if (server.extras?.lock !== undefined && server.extras.lock.byAdmin === call.actor.isAdmin) return nothing(202);
  extrasOf(server).lock = { byAdmin: call.actor.isAdmin, reason };
  return nothing(202);
}

function unlock(call: Call, server: Server): HttpReply {
  if (server.extras?.lock?.byAdmin === true && !call.actor.isAdmin)
    throw denied("os-lock-server:unlock:unlock_override");
  delete server.extras?.lock;
  return nothing(202);
}

export const LOCK_ACTIONS: ServerActions = {
  lock: { run: lock, record: "lock", ignoresLock: true },
  unlock: { run: unlock, record: "unlock", ignoresLock: true },
};
