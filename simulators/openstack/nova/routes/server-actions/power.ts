import type { HttpReply } from "../../../../kernel/index.ts";
import { startTask } from "../../behaviour/tasks.ts";
import type { Server } from "../../state/server.ts";
import { nothing } from "../../wire/replies.ts";
import type { Call } from "../../wire/request.ts";
import { type Body, moves, type ServerActions, WORK } from "./action.ts";

function reboot(call: Call, server: Server, { type }: Body): HttpReply {
  const task = String(type).toLowerCase() === "hard" ? "rebooting_hard" : "rebooting";
  startTask(call.nova, server, task, WORK.reboot, "active");
  return nothing(202);
}

export const POWER_ACTIONS: ServerActions = {
  "os-start": { from: ["stopped"], verb: "start", record: "start", run: moves("powering-on", WORK.power, "active") },
  "os-stop": {
    from: ["active", "error"],
    verb: "stop",
    record: "stop",
    run: moves("powering-off", WORK.power, "stopped"),
  },
  reboot: {
    from: ({ type }) =>
      String(type).toLowerCase() === "hard" ? ["active", "stopped", "paused", "suspended", "error"] : ["active"],
    record: "reboot",
    run: reboot,
  },
  pause: { from: ["active"], record: "pause", run: moves("pausing", WORK.pause, "paused") },
  unpause: { from: ["paused"], record: "unpause", run: moves("unpausing", WORK.pause, "active") },
  suspend: { from: ["active"], record: "suspend", run: moves("suspending", WORK.power, "suspended") },
  resume: { from: ["suspended"], record: "resume", run: moves("resuming", WORK.power, "active") },
  changePassword: {
    from: ["active"],
    record: "changePassword",
    run: moves("updating_password", WORK.password, "active"),
  },
};
