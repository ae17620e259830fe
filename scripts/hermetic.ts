/**
 * Proves that a check's verdict depends on no other check: on each mutant of the OSB suite, the whole suite in a shuffled order, and each check
 * that notices the mutant when it runs alone, judge as the whole suite does. Prints every verdict that differs, and fails if there is one.
 */
import { MUTANT_SETS } from "../conformance/index.ts";
import { findDependences } from "../conformance/selftest/hermetic.ts";
import { pattern, scriptCommand, wholeNumber } from "./command.ts";

async function prove(wanted: RegExp | undefined, { every, seed }: { every: number; seed: number }): Promise<void> {
  let dependences = 0;
  let mutants = 0;
  for (const set of MUTANT_SETS.filter(({ suite }) => suite === "osb")) {
    const chosen = set.mutants.filter(({ id }) => wanted?.test(id) ?? true).filter((_, at) => at % every === 0);
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
}

await scriptCommand(
  "npm run selftest:hermetic --",
  "Prove that each verdict of the OSB suite depends only on the broker and the check.",
)
  .argument("[pattern]", "only mutants whose id this regular expression matches", pattern)
  .option("--every <n>", "only every nth mutant", wholeNumber(1), 1)
  .option("--seed <n>", "seed of the orders", wholeNumber(0), 1)
  .action(prove)
  .parseAsync();
