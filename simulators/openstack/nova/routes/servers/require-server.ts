import { isStillThere } from "../../behaviour/delete.ts";
import type { Server } from "../../state/server.ts";
import { notFound } from "../../wire/errors.ts";
import type { NovaCall } from "../../wire/request.ts";

/** @throws Refusal 404 */
export function requireServer(call: NovaCall): Server {
  const id = call.params.id ?? "";
  const server = call.nova.slot.value.servers.get(id);
  const visible = server !== undefined && (call.actor.isAdmin || server.projectId === call.actor.projectId);
  if (!visible || !isStillThere(call.nova, server)) throw notFound(`Instance ${id} could not be found.`);
  return server;
}
