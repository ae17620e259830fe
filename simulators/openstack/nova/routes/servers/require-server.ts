import { survives } from "../../behaviour/delete.ts";
import type { Server } from "../../state/server.ts";
import { notFound } from "../../wire/errors.ts";
import type { Call } from "../../wire/request.ts";

/** @throws Refusal 404 */
export function serverOf(call: Call): Server {
  const id = call.params.id ?? "";
  const server = call.nova.slot.value.servers.get(id);
  const visible = server !== undefined && (call.actor.isAdmin || server.projectId === call.actor.projectId);
  if (!visible || !survives(call.nova, server)) throw notFound(`Instance ${id} could not be found.`);
  return server;
}
