import { isStillThere } from "../../behaviour/delete.ts";
import type { Server } from "../../state/server.ts";
import { notFound } from "../../wire/errors.ts";
import type { NovaCall } from "../../wire/request.ts";

/** A server, or one that once existed. @throws Refusal 404 */
export function requireServerOnce(call: NovaCall): Server {
  const gone = call.nova.slot.value.deletedServers.get(call.params.id ?? "");
  if (gone !== undefined && (call.actor.isAdmin || gone.projectId === call.actor.projectId)) return gone;
  return requireServer(call);
}

/** @throws Refusal 404 */
export function requireServer(call: NovaCall): Server {
  const id = call.params.id ?? "";
  const server = call.nova.slot.value.servers.get(id);
  const visible = server !== undefined && (call.actor.isAdmin || server.projectId === call.actor.projectId);
  if (!visible || !isStillThere(call.nova, server)) throw notFound(`Instance ${id} could not be found.`);
  return server;
}
