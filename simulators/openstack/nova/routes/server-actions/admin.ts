import type { HttpReply } from "../../../../kernel/index.ts";
import { recordChange } from "../../state/nova.ts";
import type { Server } from "../../state/server.ts";
import { touchServer } from "../../state/servers.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { objectSchema } from "../schemas/parts.ts";
import { type ServerActions, withBody } from "./action.ts";

const stateSchema = () => objectSchema({ state: { type: "string", enum: ["active", "error"] } }, ["state"]);

function resetState(call: NovaCall, server: Server, { state }: { readonly state: "active" | "error" }): HttpReply {
  server.vm = state;
  server.task = null;
  touchServer(call.nova, server);
  recordChange(call.nova, "server.state", server.id, { vm: server.vm, task: null });
  return emptyReply(202);
}

/** The actions on servers for administrators only. */
export const ADMIN_ACTIONS: ServerActions = {
  "os-resetState": { admin: "os-admin-actions:reset_state", ...withBody(stateSchema, resetState) },
  injectNetworkInfo: { admin: "os-admin-actions:inject_network_info", run: () => emptyReply(202) },
  resetNetwork: { isRemoved: true, run: () => emptyReply(202) },
  // The guest would dump its memory, which has no visible effect.
  trigger_crash_dump: {
    from: ["active", "paused", "rescued", "resized", "error"],
    record: "trigger_crash_dump",
    run: () => emptyReply(202),
  },
};
