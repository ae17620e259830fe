import type { HttpReply } from "../../../../kernel/index.ts";
import { startTask } from "../../behaviour/tasks.ts";
import type { Server } from "../../state/server.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { type ActionBody, startTransition, type ServerActions, ACTION_MS } from "./action.ts";

function reboot(call: NovaCall, server: Server, { type }: ActionBody): HttpReply {
  const task = String(type).toLowerCase() === "hard" ? "rebooting_hard" : "rebooting";
  startTask(call.nova, server, task, ACTION_MS.reboot, "active");
  return emptyReply(202);
}

export const POWER_ACTIONS: ServerActions = {
  "os-start": {
    from: ["stopped"],
    verb: "start",
    record: "start",
    run: startTransition("powering-on", ACTION_MS.power, "active"),
  },
  "os-stop": {
    from: ["active", "error"],
    verb: "stop",
    record: "stop",
    run: startTransition("powering-off", ACTION_MS.power, "stopped"),
  },
  reboot: {
    from: ({ type }) =>
      String(type).toLowerCase() === "hard" ? ["active", "stopped", "paused", "suspended", "error"] : ["active"],
    record: "reboot",
    run: reboot,
  },
  pause: { from: ["active"], record: "pause", run: startTransition("pausing", ACTION_MS.pause, "paused") },
  unpause: { from: ["paused"], record: "unpause", run: startTransition("unpausing", ACTION_MS.pause, "active") },
  suspend: { from: ["active"], record: "suspend", run: startTransition("suspending", ACTION_MS.power, "suspended") },
  resume: { from: ["suspended"], record: "resume", run: startTransition("resuming", ACTION_MS.power, "active") },
  changePassword: {
    from: ["active"],
    record: "changePassword",
    run: startTransition("updating_password", ACTION_MS.password, "active"),
  },
};
