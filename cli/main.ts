import { CommanderError } from "commander";
import { endWithClosedOutput } from "./closed-output.ts";
import { EXIT, explain } from "./errors.ts";
import { createProgram } from "./program.ts";

/** Runs one command line and resolves to its exit code. */
async function main(): Promise<number> {
  const drydock = createProgram();
  for (const command of [drydock, ...drydock.commands, ...drydock.commands.flatMap(({ commands }) => commands)])
    command.exitOverride();
  try {
    await drydock.parseAsync();
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.couldNotRun;
    return explain(error, drydock.opts<{ debug?: boolean }>().debug === true);
  }
}

endWithClosedOutput();
process.exitCode = await main();
