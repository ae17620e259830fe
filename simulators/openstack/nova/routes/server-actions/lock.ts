import type { HttpReply } from "../../../../kernel/index.ts";
import { extrasOf, type Server } from "../../state/server.ts";
import { forbiddenByPolicy } from "../../wire/errors.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { ServerActions } from "./action.ts";

/** From 2.73 on it may give a reason; before, the body may be anything. */
const lockSchema = (version: number) =>
  version < 73
    ? {}
    : ({
        type: ["object", "null"],
        properties: { locked_reason: { type: "string", minLength: 1, maxLength: 255 } },
        additionalProperties: false,
      } as const);

function readReason(call: NovaCall, body: unknown): string | null {
  if (call.version < 73 || typeof body !== "object" || body === null || !("locked_reason" in body)) return null;
  return typeof body.locked_reason === "string" ? body.locked_reason : null;
}

function lock(call: NovaCall, server: Server, body: unknown): HttpReply {
  const reason = readReason(call, body);
  // Locking again changes nothing.
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

/** The lock against changes by members. */
export const LOCK_ACTIONS: ServerActions = {
  lock: { schema: lockSchema, run: lock, record: "lock", ignoresLock: true },
  unlock: { run: unlock, record: "unlock", ignoresLock: true },
};
