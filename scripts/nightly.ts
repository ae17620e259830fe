/**
 * `npm run nightly`: the long proof of the scenarios. Each scenario plays 10,000 seeds with its faults, and its canary (a run of 100 seeds or more
 * hunts it by itself); then each planted bug is hunted. What CI runs is a slice: `npm run nightly -- --seeds 100 --bugs 20`.
 *
 * Exit code 0 when every seed passed, each run proved something, and every bug was found; 1 otherwise.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { SCENARIOS } from "../scenarios/scenarios.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

const { seeds, workers, bugs, out } = scriptCommand(
  "npm run nightly --",
  "Play every scenario's seeds with faults and canary, then hunt the planted bugs.",
)
  .option("--seeds <n>", "seeds of each scenario", wholeNumber(1), 10_000)
  .option("--workers <n>", "processes", wholeNumber(1), availableParallelism())
  .option("--bugs <n>", "give up on a planted bug after this many seeds; 0: hunt none", wholeNumber(0), 300)
  .option("--out <dir>", "where the reports go", "drydock-nightly")
  .parse()
  .opts<{ seeds: number; workers: number; bugs: number; out: string }>();

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Runs a script of ours to its end, with its output. Returns whether it ended well. */
function runWell(what: string, script: string, ...args: readonly string[]): boolean {
  console.log(`\n== ${what}`);
  return spawnSync(process.execPath, [fileOf(script), ...args], { stdio: "inherit" }).status === 0;
}

const failed: string[] = [];
for (const { name } of SCENARIOS) {
  const args = ["run", name, "--seeds", `${seeds}`, "--workers", `${workers}`, "--coverage", "--out", `${out}/${name}`];
  if (!runWell(`${name}: ${seeds} seeds`, "../cli/main.ts", ...args)) failed.push(name);
}
if (bugs > 0 && !runWell("planted bugs", "planted-bugs.ts", "--seeds", `${bugs}`)) failed.push("planted bugs");
console.log(failed.length === 0 ? "\neverything holds" : `\nNOT everything holds: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
