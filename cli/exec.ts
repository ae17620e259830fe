import { spawn } from "node:child_process";
import { constants } from "node:os";
import { setImmediate } from "node:timers/promises";
import { type BootOptions, boot, interruption, pastProxy, PREDICTABLE } from "./cloud.ts";
import { EXIT, UserError } from "./errors.ts";

/** A command that a signal ended has, as in a shell, this much more than the signal's number for exit code. */
const BY_SIGNAL = 128;

/**
 * Runs a command with a fake cloud of its own and answers with the command's exit code.
 *
 * @throws UserError CLI_NO_COMMAND, CLI_COMMAND_NOT_FOUND
 */
export async function exec(command: readonly string[], options: BootOptions): Promise<number> {
  if (command.length === 0) throw new UserError("CLI_NO_COMMAND", "no command");
  let passOn = (_signal: NodeJS.Signals): void => {};
  const interrupted = interruption((signal) => passOn(signal));
  const cloud = await boot(options);
  try {
    // A signal that came during the last step is heard only when the event loop turns.
    await setImmediate();
    if (interrupted.isOver()) return EXIT.interrupted;
    if (cloud.description.predictableSecrets) process.stderr.write(`drydock: ${PREDICTABLE}\n`);
    return await run(command, cloud.environment, (to) => (passOn = to));
  } finally {
    await cloud.close();
  }
}

function run(
  [program = "", ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
  signalled: (passOn: (signal: NodeJS.Signals) => void) => void,
): Promise<number> {
  const child = spawn(program, args, {
    stdio: "inherit",
    env: { ...process.env, ...environment, ...pastProxy(process.env) },
  });
  // Ctrl-C at a terminal reaches the command by itself.
  signalled((signal) => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
  return new Promise((resolve, reject) => {
    child.once("error", ({ message }) => reject(new UserError("CLI_COMMAND_NOT_FOUND", message)));
    child.once("exit", (code, signal) => resolve(code ?? BY_SIGNAL + constants.signals[signal ?? "SIGKILL"]));
  });
}
