/**
 * `npm run nightly`: the long proof of the scenarios. Each scenario plays 10,000 seeds with its faults, and its canary (a run of 100 seeds or more
 * hunts it by itself); then each planted bug is hunted, and a campaign is
 * played whose workers are killed. What CI runs is a slice: `npm run nightly -- --seeds 100 --bugs 20 --kills 2000`.
 *
 * Exit code 0 when every seed passed, each run proved something, and every bug was found; 1 otherwise.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { SCENARIOS } from "../scenarios/scenarios.ts";
import { fileOf, scriptCommand, wholeNumber } from "./command.ts";

const { seeds, workers, bugs, only, kills, out } = scriptCommand(
  "npm run nightly --",
  "Play every scenario's seeds with faults and canary, then hunt the planted bugs.",
)
  .option("--seeds <n>", "seeds of each scenario", wholeNumber(1), 10_000)
  .option("--workers <n>", "processes", wholeNumber(1), availableParallelism())
  .option("--bugs <n>", "give up on a planted bug after this many seeds; 0: hunt none", wholeNumber(0), 300)
  .option("--only <names>", "hunt these planted bugs, separated by commas; default: all")
  .option("--kills <n>", "short seeds of the campaign whose workers are killed; 0: none", wholeNumber(0), 100_000)
  .option("--out <dir>", "where the reports go", "drydock-nightly")
  .parse()
  .opts<{ seeds: number; workers: number; bugs: number; only?: string; kills: number; out: string }>();

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
const hunted = only === undefined ? [] : ["--only", only];
if (bugs > 0 && !runWell("planted bugs", "planted-bugs.ts", "--check", "--seeds", `${bugs}`, ...hunted))
  failed.push("planted bugs");
if (kills > 0 && !runWell("killed workers", "worker-kills.ts", "--seeds", `${kills}`)) failed.push("killed workers");
console.log(failed.length === 0 ? "\neverything holds" : `\nNOT everything holds: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
