import type { HttpReply } from "../../../../kernel/index.ts";
import { startDelete } from "../../behaviour/delete.ts";
import type { Server } from "../../state/server.ts";
import { nothing } from "../../wire/replies.ts";
import type { Call } from "../../wire/request.ts";
import type { ServerActions } from "./action.ts";

export const DELETE_ACTIONS: ServerActions = {
  restore: { from: [], run: () => nothing(202) },
  forceDelete: { record: "forceDelete", run: forceDelete },
};

function forceDelete(call: Call, server: Server): HttpReply {
  startDelete(call.nova, server);
  return nothing(202);
}
