import type { HttpReply } from "../../../../kernel/index.ts";
import type { Server } from "../../state/server.ts";
import { touchServer } from "../../state/servers.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { type ActionBody, refuseActionAsUnmodelled, type ServerActions } from "./action.ts";

function resetState(call: NovaCall, server: Server, { state }: ActionBody): HttpReply {
  server.vm = state === "active" ? "active" : "error";
  server.task = null;
  touchServer(call.nova, server);
  return emptyReply(202);
}

export const ADMIN_ACTIONS: ServerActions = {
  "os-resetState": { admin: "os-admin-actions:reset_state", run: resetState },
  injectNetworkInfo: { admin: "os-admin-actions:inject_network_info", run: () => emptyReply(202) },
  resetNetwork: { admin: "os-admin-actions:reset_network", run: () => emptyReply(202) },
  trigger_crash_dump: { from: ["active", "paused"], run: refuseActionAsUnmodelled("trigger_crash_dump") },
};
