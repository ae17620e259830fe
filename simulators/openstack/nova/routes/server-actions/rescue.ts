import type { HttpReply } from "../../../../kernel/index.ts";
import type { ValueOf } from "../../../schema/index.ts";
import { startTask } from "../../behaviour/tasks.ts";
import type { Server } from "../../state/server.ts";
import { badRequest } from "../../wire/errors.ts";
import { ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { PASSWORD } from "../schemas/parts.ts";
import { newPassword } from "../servers/password.ts";
import { ACTION_MS, type ServerActions, startTransition, withBody } from "./action.ts";

const rescueSchema = () =>
  ({
    type: ["object", "null"],
    properties: { adminPass: PASSWORD, rescue_image_ref: { type: "string", format: "uuid" } },
    additionalProperties: false,
  }) as const;

type WantedRescue = ValueOf<ReturnType<typeof rescueSchema>>;

function rescue(call: NovaCall, server: Server, body: WantedRescue | undefined): HttpReply {
  const imageId = body?.rescue_image_ref;
  if (imageId !== undefined && call.nova.cloud.images.image(call.actor, imageId) === undefined)
    throw badRequest(`Requested rescue image '${imageId}' is not supported`);
  startTask(call.nova, server, "rescuing", ACTION_MS.rescue, "rescued");
  return ok({ adminPass: body?.adminPass ?? newPassword(call) });
}

/** The rescue mode. */
export const RESCUE_ACTIONS: ServerActions = {
  rescue: { from: ["active", "stopped", "error"], record: "rescue", ...withBody(rescueSchema, rescue) },
  unrescue: { from: ["rescued"], record: "unrescue", run: startTransition("unrescuing", ACTION_MS.rescue, "active") },
};
