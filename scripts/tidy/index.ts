/**
 * `npm run tidy`: measures the repository and shows each figure beside its ratchet.
 *
 *   --list      also what each figure consists of
 *   --update    writes what has fallen; refused (exit code 1) while anything has grown
 */
import { findGrowth, readRatchets, writeRatchets } from "./ratchet.ts";
import { MEASURES } from "./measures.ts";
import { readSources } from "./source.ts";

const sources = readSources();
const ratchets = readRatchets();
const figures = Object.fromEntries(MEASURES.map(({ name, count }) => [name, count(sources)]));
const sum = (of: Record<string, number> | undefined) => Object.values(of ?? {}).reduce((all, one) => all + one, 0);
for (const { name, about } of MEASURES) {
  console.log(`${name.padEnd(22)} ${String(sum(figures[name])).padStart(6)} of ${sum(ratchets[name])}  ${about}`);
  if (process.argv.includes("--list")) console.log(figures[name]);
}
const growth = MEASURES.flatMap(({ name }) => findGrowth(figures[name] ?? {}, ratchets[name] ?? {}));
for (const line of growth) console.error(`grown: ${line}`);
if (growth.length > 0) process.exitCode = 1;
else if (process.argv.includes("--update")) writeRatchets(figures);
