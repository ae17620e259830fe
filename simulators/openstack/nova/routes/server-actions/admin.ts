import type { HttpReply } from "../../../../kernel/index.ts";
import type { Server } from "../../state/server.ts";
import { touch } from "../../state/servers.ts";
import { nothing } from "../../wire/replies.ts";
import type { Call } from "../../wire/request.ts";
import { type Body, refuseUnmodelledAction, type ServerActions } from "./action.ts";

function resetState(call: Call, server: Server, { state }: Body): HttpReply {
  server.vm = state === "active" ? "active" : "error";
  server.task = null;
  touch(call.nova, server);
  return nothing(202);
}

export const ADMIN_ACTIONS: ServerActions = {
  "os-resetState": { admin: "os-admin-actions:reset_state", run: resetState },
  injectNetworkInfo: { admin: "os-admin-actions:inject_network_info", run: () => nothing(202) },
  resetNetwork: { admin: "os-admin-actions:reset_network", run: () => nothing(202) },
  trigger_crash_dump: { from: ["active", "paused"], run: refuseUnmodelledAction("trigger_crash_dump") },
};
