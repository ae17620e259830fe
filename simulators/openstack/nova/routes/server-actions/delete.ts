import type { HttpReply } from "../../../../kernel/index.ts";
import { startDelete } from "../../behaviour/delete.ts";
import type { Server } from "../../state/server.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { ServerActions } from "./action.ts";

export const DELETE_ACTIONS: ServerActions = {
  restore: { from: [], run: () => emptyReply(202) },
  forceDelete: { record: "forceDelete", run: forceDelete },
};

function forceDelete(call: NovaCall, server: Server): HttpReply {
  startDelete(call.nova, server);
  return emptyReply(202);
}
