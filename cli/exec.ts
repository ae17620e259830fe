import { spawn } from "node:child_process";
import { constants } from "node:os";
import { setImmediate } from "node:timers/promises";
import { type BootOptions, bootCloudFor, type DataCommand, dataOf, proxyBypass, PREDICTABLE } from "./cloud.ts";
import { catchSignals } from "./signals.ts";
import { EXIT, UserError } from "./errors.ts";

/** As in a shell, the exit code of a command that a signal ended is this plus the number of the signal. */
const BY_SIGNAL = 128;

/**
 * `drydock exec -- COMMAND`: runs a command with a fake cloud of its own. Returns the command's exit code.
 *
 * @throws UserError CLI_NO_COMMAND, CLI_COMMAND_NOT_FOUND
 */
export async function exec(
  command: readonly string[],
  { ui = false, data, version, ...options }: Omit<BootOptions, "data"> & DataCommand & { readonly ui?: boolean },
): Promise<number> {
  if (command.length === 0) throw new UserError("CLI_NO_COMMAND", "no command");
  let passOn = (_signal: NodeJS.Signals): void => {};
  const interrupted = catchSignals((signal) => passOn(signal));
  const live = ui ? (await import("./live/open.ts")).prepareLivePage() : undefined;
  const cloud = await bootCloudFor({
    ...options,
    ...dataOf({ version, ...(data !== undefined && { data }) }),
    ...(live && { hear: live.hear }),
  });
  try {
    // A signal that arrived during the last step is delivered only when the event loop turns.
    await setImmediate();
    if (interrupted.isOver()) return EXIT.interrupted;
    if (cloud.description.predictableSecrets) process.stderr.write(`drydock: ${PREDICTABLE}\n`);
    await using _page = await live?.openAloud(cloud);
    return await runCommand(command, cloud.environment, (to) => (passOn = to));
  } finally {
    await cloud.close();
  }
}

function runCommand(
  [program = "", ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
  onSignal: (passOn: (signal: NodeJS.Signals) => void) => void,
): Promise<number> {
  const child = spawn(program, args, {
    stdio: "inherit",
    env: { ...process.env, ...environment, ...proxyBypass(process.env) },
  });
  // Ctrl-C at a terminal reaches the command by itself.
  onSignal((signal) => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
  return new Promise((resolve, reject) => {
    child.once("error", ({ message }) => reject(new UserError("CLI_COMMAND_NOT_FOUND", message)));
    child.once("exit", (code, signal) => resolve(code ?? BY_SIGNAL + constants.signals[signal ?? "SIGKILL"]));
  });
}
