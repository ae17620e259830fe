import { endWithClosedOutput } from "./closed-output.ts";
import { runCommandLine } from "./command-line.ts";

endWithClosedOutput();
process.exitCode = await runCommandLine(process.argv.slice(2));
