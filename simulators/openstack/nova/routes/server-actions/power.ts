import type { HttpReply } from "../../../../kernel/index.ts";
import { startTask } from "../../behaviour/tasks.ts";
import type { Server, VmState } from "../../state/server.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { objectSchema, PASSWORD } from "../schemas/parts.ts";
import { ACTION_MS, type ServerActions, startTransition, withBody } from "./action.ts";

const rebootSchema = () =>
  objectSchema({ type: { type: "string", enum: ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"] } }, ["type"]);
const passwordSchema = () => objectSchema({ adminPass: PASSWORD }, ["adminPass"]);

const isHard = ({ type }: { readonly type: string }): boolean => type.toLowerCase() === "hard";

const REBOOTABLE: readonly VmState[] = ["active"];
const HARD_REBOOTABLE: readonly VmState[] = ["active", "stopped", "paused", "suspended", "error"];

const isHardReboot = (body: unknown): boolean =>
  typeof body === "object" &&
  body !== null &&
  "type" in body &&
  typeof body.type === "string" &&
  isHard({ type: body.type });

function reboot(call: NovaCall, server: Server, body: { readonly type: string }): HttpReply {
  startTask(call.nova, server, isHard(body) ? "rebooting_hard" : "rebooting", ACTION_MS.reboot, "active");
  return emptyReply(202);
}

/** Power states and the guest's password. */
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
    from: (body) => (isHardReboot(body) ? HARD_REBOOTABLE : REBOOTABLE),
    record: "reboot",
    ...withBody(rebootSchema, reboot),
  },
  pause: { from: ["active"], record: "pause", run: startTransition("pausing", ACTION_MS.pause, "paused") },
  unpause: { from: ["paused"], record: "unpause", run: startTransition("unpausing", ACTION_MS.pause, "active") },
  suspend: { from: ["active"], record: "suspend", run: startTransition("suspending", ACTION_MS.power, "suspended") },
  resume: { from: ["suspended"], record: "resume", run: startTransition("resuming", ACTION_MS.power, "active") },
  changePassword: {
    from: ["active"],
    record: "changePassword",
    ...withBody(passwordSchema, startTransition("updating_password", ACTION_MS.password, "active")),
  },
};
