import type { HttpReply } from "../../../../kernel/index.ts";
import { startTask } from "../../behaviour/tasks.ts";
import type { Server } from "../../state/server.ts";
import { badRequest } from "../../wire/errors.ts";
import { ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { newPassword } from "../servers/password.ts";
import { type ActionBody, startTransition, type ServerActions, ACTION_MS } from "./action.ts";

function rescue(call: NovaCall, server: Server, body: ActionBody): HttpReply {
  const id = body.rescue_image_ref as string | undefined;
  if (id !== undefined && call.nova.cloud.images.image(call.actor, id) === undefined)
    throw badRequest(`Requested rescue image '${id}' is not supported`);
  startTask(call.nova, server, "rescuing", ACTION_MS.rescue, "rescued");
  return ok({ adminPass: (body.adminPass as string | undefined) ?? newPassword(call) });
}

export const RESCUE_ACTIONS: ServerActions = {
  rescue: { from: ["active", "stopped", "error"], record: "rescue", run: rescue },
  unrescue: { from: ["rescued"], record: "unrescue", run: startTransition("unrescuing", ACTION_MS.rescue, "active") },
};
