/**
 * `npm run tidy`: measures the repository and prints each figure beside its ratchet.
 *
 * Exit code 0 if no figure has grown, 1 otherwise.
 */
import { scriptCommand } from "../command.ts";
import { findGrowth, readRatchets, writeRatchets } from "./ratchet.ts";
import { MEASURES } from "./measures.ts";
import { readSources } from "./source.ts";

const { list, update } = scriptCommand(
  "npm run tidy --",
  "Measure the repository, and print each figure beside its ratchet.",
)
  .option("--list", "also print what each figure consists of")
  .option("--update", "lower the ratchets of figures that have fallen; refused if any has grown")
  .parse()
  .opts<{ list?: boolean; update?: boolean }>();

const sources = readSources();
const ratchets = readRatchets();
const figures = Object.fromEntries(MEASURES.map(({ name, count }) => [name, count(sources)]));
const sum = (of: Record<string, number> | undefined) => Object.values(of ?? {}).reduce((all, one) => all + one, 0);
for (const { name, about } of MEASURES) {
  console.log(`${name.padEnd(22)} ${String(sum(figures[name])).padStart(6)} of ${sum(ratchets[name])}  ${about}`);
  if (list) console.log(figures[name]);
}
const growth = MEASURES.flatMap(({ name }) => findGrowth(figures[name] ?? {}, ratchets[name] ?? {}));
for (const line of growth) console.error(`grown: ${line}`);
if (growth.length > 0) process.exitCode = 1;
else if (update) writeRatchets(figures);
