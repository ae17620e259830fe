/**
 * `npm run planted-bugs`: plants each bug in the reference broker, plays seeds of the provisioning scenario until one fails, shrinks it, and writes
 * what came of it: `scenarios/planted/hunts.json`, and the page `docs/planted-bugs.md` that shows it.
 *
 * Exit code 0 if every bug that was hunted was found, 1 otherwise.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { PLANTED_BUGS } from "../scenarios/planted/index.ts";
import { CAUGHT, type Hunt, matrixPage, parseHunts } from "../scenarios/planted/matrix.ts";
import type { SeedResult } from "../scenarios/scenario.ts";
import { provisioning } from "../scenarios/provisioning/scenario.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

const HUNTS = new URL("../scenarios/planted/hunts.json", import.meta.url);
const PAGE = new URL("../docs/planted-bugs.md", import.meta.url);

const options = scriptCommand(
  "npm run planted-bugs --",
  "Plant each bug in the reference broker, and check that seeds of the provisioning scenario find it.",
)
  .option("--seeds <n>", "give up on a bug after this many seeds", wholeNumber(1), CAUGHT.seedsMax)
  .option("--only <names>", "these bugs, separated by commas; default: all")
  .option("--missing", "only bugs whose hunt is not over: it goes on where it ended")
  .option("--no-shrink", "do not shrink what was found; a later run with --missing does")
  .option("--check", "write nothing")
  .parse()
  .opts<{ seeds: number; only?: string; missing?: boolean; shrink: boolean; check?: boolean }>();

const readHunts = (): readonly Hunt[] => parseHunts(readFileSync(HUNTS, "utf8"));

/** Plays seeds until one fails, from where an earlier hunt ended; a seed that is known to fail is only shrunk. */
async function hunt(bug: string, known: Hunt | undefined): Promise<Hunt> {
  const prepared = await provisioning.prepare({ plantedBug: bug });
  const first = known === undefined ? 1 : (known.seed ?? known.played + 1);
  for (let seed = first; seed <= options.seeds; seed++) {
    const result = options.shrink && seed === known?.seed ? undefined : await prepared.replay(seed);
    if (result !== undefined && result.verdict !== "fail") continue;
    if (!options.shrink && result !== undefined) return huntOf(bug, result, false);
    return huntOf(bug, await prepared.run(seed, { enoughLines: CAUGHT.linesMax }), true);
  }
  return { bug, seed: null, played: options.seeds, isShrunk: false, lines: [], path: "", reason: "" };
}

function huntOf(bug: string, { seed, counterexample, reason = "" }: SeedResult, isShrunk: boolean): Hunt {
  const { steps = [], path = "0" } = counterexample ?? {};
  return { bug, seed, played: seed, isShrunk, lines: [...steps], path, reason };
}

/** Hunts may run side by side, each for its own bugs: what others have written meanwhile is kept. */
function record(result: Hunt): void {
  const hunts = [...readHunts().filter(({ bug }) => bug !== result.bug), result];
  const order = PLANTED_BUGS.map(({ name }) => name);
  hunts.sort((a, b) => order.indexOf(a.bug) - order.indexOf(b.bug));
  writeFileSync(HUNTS, `${JSON.stringify(hunts, null, 2)}\n`);
  writeFileSync(PAGE, matrixPage(PLANTED_BUGS, hunts));
}

const named = options.only?.split(",");
const before = options.missing === true ? readHunts() : [];
const huntBefore = (name: string): Hunt | undefined => before.find(({ bug }) => bug === name);
const isMissing = (name: string): boolean => {
  const hunted = huntBefore(name);
  if (hunted === undefined) return true;
  return hunted.seed === null ? hunted.played < options.seeds : options.shrink && !hunted.isShrunk;
};
const bugs = PLANTED_BUGS.map(({ name }) => name).filter((name) => (named?.includes(name) ?? true) && isMissing(name));
const found: Hunt[] = [];
for (const bug of bugs) {
  const result = await hunt(bug, huntBefore(bug));
  found.push(result);
  if (options.check !== true) record(result);
  const how =
    result.seed === null ? "NOT FOUND" : `seed ${result.seed}, ${result.lines.length} lines: ${result.reason}`;
  console.log(`${bug}: ${how}`);
}
const missed = found.filter(({ seed }) => seed === null);
console.log(`${found.length - missed.length} of ${found.length} planted bugs found within ${options.seeds} seeds`);
process.exitCode = missed.length === 0 ? 0 : 1;
