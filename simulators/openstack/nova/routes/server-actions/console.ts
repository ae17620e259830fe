import type { HttpReply } from "../../../../kernel/index.ts";
import type { Server } from "../../state/server.ts";
import { badRequest, conflict } from "../../wire/errors.ts";
import { ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { ActionBody, ServerActions } from "./action.ts";

const CONSOLE = ["FAKE CONSOLE OUTPUT", "ANOTHER", "LAST LINE"];

function consoleOutput(_call: NovaCall, server: Server, { length }: ActionBody): HttpReply {
  if (server.launchedMs === 0) throw conflict(`Instance ${server.id} is not ready`);
  const lines = length === undefined || length === null || Number(length) < 0 ? CONSOLE.length : Number(length);
  return ok({ output: lines === 0 ? "" : CONSOLE.slice(-lines).join("\n") });
}

const refuseConsole = (_call: NovaCall, _server: Server, { type }: ActionBody): HttpReply => {
  throw badRequest(`Unavailable console type ${String(type)}.`);
};

const NO_CONSOLE = { run: refuseConsole, ignoresLock: true } as const;

export const CONSOLE_ACTIONS: ServerActions = {
  "os-getConsoleOutput": { run: consoleOutput, ignoresLock: true },
  "os-getVNCConsole": NO_CONSOLE,
  "os-getSPICEConsole": NO_CONSOLE,
  "os-getSerialConsole": NO_CONSOLE,
};
