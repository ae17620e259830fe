import { CommanderError } from "commander";
import { EXIT, explain } from "./errors.ts";
import { createProgram } from "./program.ts";

/** Runs one command line, without the name of the program in front, and resolves to its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const drydock = createProgram((code) => (exitCode = code));
  for (const command of [drydock, ...drydock.commands, ...drydock.commands.flatMap(({ commands }) => commands)])
    command.exitOverride();
  try {
    await drydock.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.couldNotRun;
    return explain(error, drydock.opts<{ debug?: boolean }>().debug === true);
  }
}
