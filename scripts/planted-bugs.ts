/**
 * Plants each bug in the reference broker, plays seeds of a scenario until one fails, and prints the matrix as a table of Markdown.
 *
 * Exit code 0 if every bug was found, 1 otherwise.
 */
import { PLANTED_BUGS } from "../scenarios/planted/index.ts";
import type { NamedBug } from "../scenarios/planted/bug.ts";
import { provisioning } from "../scenarios/provisioning/scenario.ts";
import type { SeedResult } from "../scenarios/scenario.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

const { seeds, only, shrink } = scriptCommand(
  "npm run planted-bugs --",
  "Plant each bug in the reference broker, and check that seeds of the provisioning scenario find it.",
)
  .option("--seeds <n>", "give up on a bug after this many seeds", wholeNumber(1), 300)
  .option("--only <names>", "these bugs, separated by commas; default: all")
  .option("--no-shrink", "do not shrink what was found")
  .parse()
  .opts<{ seeds: number; only?: string; shrink: boolean }>();

/** How a bug was found; undefined if it was not. */
interface Found {
  readonly bug: NamedBug;
  readonly result: SeedResult | undefined;
}

async function hunt(bug: NamedBug): Promise<Found> {
  const prepared = await provisioning.prepare({ plantedBug: bug.name });
  for (let seed = 1; seed <= seeds; seed++) {
    const result = await prepared.replay(seed);
    if (result.verdict === "pass") continue;
    return { bug, result: shrink ? await prepared.run(seed) : result };
  }
  return { bug, result: undefined };
}

/** Ids of a run are long and say nothing in a table. */
const plain = (text: string): string => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27,}/g, "…").replaceAll("|", "\\|");

function row({ bug: { name, part, does }, result }: Found): string {
  const lines = shrink ? result?.counterexample?.steps.length : undefined;
  const why = result?.reason === undefined ? "" : plain(result.reason).slice(0, 140);
  return `| \`${name}\` | ${part} | ${does} | ${result?.seed ?? "**not found**"} | ${lines ?? ""} | ${why} |`;
}

console.log("| Bug | Part | The broker … | Seed | Lines | Found by |\n|---|---|---|---|---|---|");
const named = only?.split(",");
const bugs = PLANTED_BUGS.filter(({ name }) => named?.includes(name) ?? true);
const found: Found[] = [];
for (const bug of bugs) {
  const each = await hunt(bug);
  found.push(each);
  console.log(row(each));
}
const missed = found.filter(({ result }) => result?.verdict !== "fail");
console.log(`${found.length - missed.length} of ${found.length} planted bugs found within ${seeds} seeds`);
for (const { bug } of missed) console.log(`not found: ${bug.name}`);
process.exitCode = missed.length === 0 ? 0 : 1;
