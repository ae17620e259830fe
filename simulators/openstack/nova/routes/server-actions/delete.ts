import type { HttpReply } from "../../../../kernel/index.ts";
import { startDelete } from "../../behaviour/delete.ts";
import { addInstanceAction } from "../../state/instance-actions.ts";
import type { Server } from "../../state/server.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { ServerActions } from "./action.ts";

/** Deletes other than DELETE. This cloud has no soft delete, so there is nothing to restore. */
export const DELETE_ACTIONS: ServerActions = {
  restore: { from: [], run: () => emptyReply(202) },
  forceDelete: { run: forceDelete },
};

function forceDelete(call: NovaCall, server: Server): HttpReply {
  if (startDelete(call.nova, server)) addInstanceAction(call, server, "forceDelete");
  return emptyReply(202);
}
