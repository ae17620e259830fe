/**
 * The broker's command line: `node broker/main.ts [COMMAND] [FILE]`. Settings come from a YAML or JSON file and the environment (README.md).
 * Exit code 2 when it could not run, with one line that says what to do.
 */
import { runBrokerCommand } from "./commands.ts";

process.exitCode = await runBrokerCommand(process.argv.slice(2));
