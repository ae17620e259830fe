import type { HttpReply } from "../../../../kernel/index.ts";
import type { Server } from "../../state/server.ts";
import { badRequest, conflict } from "../../wire/errors.ts";
import { ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { objectSchema } from "../schemas/parts.ts";
import { type ServerAction, type ServerActions, withBody } from "./action.ts";

/** The text that the fake hypervisor has on every console. */
const CONSOLE = ["FAKE CONSOLE OUTPUT", "ANOTHER", "LAST LINE"];

const outputSchema = () =>
  objectSchema({ length: { type: ["integer", "string", "null"], pattern: "^-?[0-9]+$", minimum: -1 } });

/** The last `length` lines; all if it is left out. */
function showOutput(
  _call: NovaCall,
  server: Server,
  { length }: { readonly length?: number | string | null },
): HttpReply {
  if (server.launchedMs === 0) throw conflict(`Instance ${server.id} is not ready`);
  const lines = length === undefined || length === null ? CONSOLE.length : Number(length);
  // A negative number leaves out as many from the beginning.
  return ok({ output: lines === 0 ? "" : CONSOLE.slice(-lines).join("\n") });
}

/** Refuses, as this cloud has no consoles to connect to. */
const noConsole = (types: readonly string[]): ServerAction => ({
  ignoresLock: true,
  to: 5,
  ...withBody(
    () => objectSchema({ type: { type: "string", enum: types } }, ["type"]),
    (_call, _server, { type }) => {
      throw badRequest(`Unavailable console type ${type}.`);
    },
  ),
});

/** The console's text, and interactive consoles, which are not available. */
export const CONSOLE_ACTIONS: ServerActions = {
  "os-getConsoleOutput": { ignoresLock: true, ...withBody(outputSchema, showOutput) },
  "os-getVNCConsole": noConsole(["novnc", "xvpvnc"]),
  "os-getSPICEConsole": noConsole(["spice-html5"]),
  "os-getRDPConsole": noConsole(["rdp-html5"]),
  "os-getSerialConsole": noConsole(["serial"]),
};
