import type { Command } from "commander";
import { EXIT } from "../errors.ts";
import { SHELLS } from "./shells.ts";
import { completedCommands } from "./words.ts";

/** `drydock completion SHELL`: prints what the shell must read. Returns the exit code. */
export async function completion(shell: keyof typeof SHELLS, program: Command): Promise<number> {
  process.stdout.write(SHELLS[shell](completedCommands(program)));
  return EXIT.ok;
}
