/**
 * `npm test`: formatting, types, lint and import borders, and beside them all tests, so that neither waits for the other. The tests write as they go; the
 * output of the checks comes when they have ended.
 *
 * Exit code 0 when all of them passed, 1 otherwise.
 */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { scriptCommand } from "../command.ts";

const { args } = scriptCommand(
  "npm run test --",
  "Formatting, types, lint and borders; beside them the tests, or those whose paths contain a word that is given.",
)
  .argument("[paths...]", "which tests to run, by a part of their paths; default: all")
  .parse();

interface Part {
  /** Its npm script. */
  readonly script: string;
  readonly passed: boolean;
  readonly seconds: number;
}

/** The npm that runs this, or the one on the PATH. */
const npm = (...args: readonly string[]): readonly [string, readonly string[]] => {
  const { npm_execpath: path } = process.env;
  return path === undefined ? ["npm", args] : [process.execPath, [path, ...args]];
};

/** Runs a script of package.json to its end; with `isHeld`, its output comes in one piece at the end. */
async function runPart(script: string, isHeld: boolean, args: readonly string[] = []): Promise<Part> {
  const begunMs = performance.now();
  const [command, words] = npm("run", "--silent", script, "--", ...args);
  const child = spawn(command, words, { stdio: ["inherit", isHeld ? "pipe" : "inherit", isHeld ? "pipe" : "inherit"] });
  const held = [child.stdout, child.stderr].map((stream) => (stream === null ? Promise.resolve("") : text(stream)));
  const code = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", resolve);
  });
  const part = { script, passed: code === 0, seconds: Math.round((performance.now() - begunMs) / 1000) };
  if (isHeld) console.log(`\n${phrase(part)}\n${(await Promise.all(held)).join("")}`);
  return part;
}

const phrase = ({ script, passed, seconds }: Part): string =>
  `npm run ${script} ${passed ? "passed" : "FAILED"} (${seconds} s)`;

const parts = await Promise.all([runPart("lint", true), runPart("unit", false, args)]);
console.log(`\n${parts.map(phrase).join("\n")}`);
process.exitCode = parts.every(({ passed }) => passed) ? 0 : 1;
