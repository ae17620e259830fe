import type { HttpReply } from "../../../../kernel/index.ts";
import type { Server } from "../../state/server.ts";
import { conflict } from "../../wire/errors.ts";
import { bootLogOf } from "../../wire/boot-log.ts";
import { hostnameOf } from "../../wire/server-view.ts";
import { openConsole } from "../../behaviour/consoles.ts";
import { ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { objectSchema } from "../schemas/parts.ts";
import { type ServerAction, type ServerActions, withBody } from "./action.ts";

/** The text that the fake hypervisor of the recorded rig has on every console. */
const FAKE_CONSOLE = ["FAKE CONSOLE OUTPUT", "ANOTHER", "LAST LINE"];

const outputSchema = () =>
  objectSchema({ length: { type: ["integer", "string", "null"], pattern: "^-?[0-9]+$", minimum: -1 } });

/** The last `length` lines; all if it is left out. */
function showOutput(
  call: NovaCall,
  server: Server,
  { length }: { readonly length?: number | string | null },
): HttpReply {
  if (server.launchedMs === 0) throw conflict(`Instance ${server.id} is not ready`);
  const all = consoleOf(call, server);
  const lines = length === undefined || length === null ? all.length : Number(length);
  // A negative number leaves out as many from the beginning.
  return ok({ output: lines === 0 ? "" : all.slice(-lines).join("\n") });
}

function consoleOf(call: NovaCall, server: Server): readonly string[] {
  const { profile, ports } = call.nova.cloud;
  if (profile === "rig") return FAKE_CONSOLE;
  const hostname = server.extras?.hostname ?? hostnameOf(server.name);
  const nics = ports.portsOf(server.id).map(({ mac, fixedIps }) => ({ mac, ip: fixedIps[0]?.ip ?? "-" }));
  return bootLogOf({ hostname, server, nics });
}

/** Opens an interactive console. Up to 2.5. */
const consoleAction = (types: readonly string[]): ServerAction => ({
  ignoresLock: true,
  to: 5,
  ...withBody(
    () => objectSchema({ type: { type: "string", enum: types } }, ["type"]),
    (call, server, { type }) => ok({ console: { type, url: openConsole(call, server, type) } }),
  ),
});

/** The console's text, and interactive consoles. */
export const CONSOLE_ACTIONS: ServerActions = {
  "os-getConsoleOutput": { ignoresLock: true, ...withBody(outputSchema, showOutput) },
  "os-getVNCConsole": consoleAction(["novnc", "xvpvnc"]),
  "os-getSPICEConsole": consoleAction(["spice-html5"]),
  "os-getRDPConsole": consoleAction(["rdp-html5"]),
  "os-getSerialConsole": consoleAction(["serial"]),
};
