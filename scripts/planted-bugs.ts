/**
 * `npm run planted-bugs`: plants each bug in the reference broker, plays seeds of the provisioning scenario until one fails, shrinks it, and writes
 * what came of it: `scenarios/planted/hunts.json`, and the page `docs/planted-bugs.md` that shows it.
 *
 * Exit code 0 if every bug that was hunted was found, 1 otherwise.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { PLANTED_BUGS } from "../scenarios/planted/index.ts";
import { CAUGHT, type Hunt, matrixPage, parseHunts } from "../scenarios/planted/matrix.ts";
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
  .option("--missing", "only bugs that nobody has hunted yet")
  .option("--check", "write nothing")
  .parse()
  .opts<{ seeds: number; only?: string; missing?: boolean; check?: boolean }>();

const readHunts = (): readonly Hunt[] => parseHunts(readFileSync(HUNTS, "utf8"));

async function hunt(bug: string): Promise<Hunt> {
  const prepared = await provisioning.prepare({ plantedBug: bug });
  for (let seed = 1; seed <= options.seeds; seed++) {
    if ((await prepared.replay(seed)).verdict !== "fail") continue;
    const { counterexample, reason = "" } = await prepared.run(seed, { enoughLines: CAUGHT.linesMax });
    return {
      bug,
      seed,
      played: seed,
      lines: counterexample?.steps.slice() ?? [],
      path: counterexample?.path ?? "0",
      reason,
    };
  }
  return { bug, seed: null, played: options.seeds, lines: [], path: "", reason: "" };
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
const known = new Set(options.missing === true ? readHunts().map(({ bug }) => bug) : []);
const bugs = PLANTED_BUGS.map(({ name }) => name).filter((name) => (named?.includes(name) ?? true) && !known.has(name));
const found: Hunt[] = [];
for (const bug of bugs) {
  const result = await hunt(bug);
  found.push(result);
  if (options.check !== true) record(result);
  const how =
    result.seed === null ? "NOT FOUND" : `seed ${result.seed}, ${result.lines.length} lines: ${result.reason}`;
  console.log(`${bug}: ${how}`);
}
const missed = found.filter(({ seed }) => seed === null);
console.log(`${found.length - missed.length} of ${found.length} planted bugs found within ${options.seeds} seeds`);
process.exitCode = missed.length === 0 ? 0 : 1;
