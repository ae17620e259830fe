/**
 * Proves that a check's verdict is its own: on each mutant of the OSB suite, the whole suite in a shuffled order and each check that
 * notices the mutant alone judge as the whole suite does. Prints what depends on more, and fails where something does.
 *
 *     node scripts/hermetic.ts [--every N] [--seed S] [PATTERN]
 *
 * `--every N` takes each Nth mutant only (default 1), `--seed S` decides the orders (default 1), a pattern takes those whose id it matches.
 */
import { parseArgs } from "node:util";
import { MUTANT_SETS } from "../conformance/index.ts";
import { findDependences } from "../conformance/selftest/hermetic.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: "string" }, seed: { type: "string" } },
});
const [every, seed] = [Number(values.every ?? 1), Number(values.seed ?? 1)];
const pattern = new RegExp(positionals[0] ?? "");
let dependences = 0;
let mutants = 0;
for (const set of MUTANT_SETS.filter(({ suite }) => suite === "osb")) {
  const chosen = set.mutants.filter(({ id }) => pattern.test(id)).filter((_, at) => at % every === 0);
  for (const [at, mutant] of chosen.entries()) {
    mutants++;
    for (const { check, how, whole, otherwise } of await findDependences(set, mutant, seed + at)) {
      dependences++;
      console.log(`${mutant.id}: ${check} is ${whole}, but ${otherwise} when ${how}`);
    }
  }
}
console.log(`${mutants} mutants: ${dependences} verdicts depend on more than the broker and the check`);
process.exitCode = dependences === 0 ? 0 : 1;
