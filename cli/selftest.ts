import { suggestionsFor } from "../conformance/client/errors/nearest.ts";
import type { MutantSet } from "../conformance/runner/mutant-set.ts";
import { MUTANT_SETS } from "../conformance/selftest/mutant-sets.ts";
import { narrowMutantSet } from "../conformance/selftest/narrow.ts";
import { type Progress, selftest as prove, type SelftestResult } from "../conformance/selftest/selftest.ts";
import { EXIT, UserError } from "./errors.ts";

/** The options of `selftest`. */
export interface SelftestOptions {
  readonly json?: boolean;
  readonly suite?: string;
  /** Ids of checks, comma separated; `*` stands for any characters. */
  readonly only?: string;
  /** Ids of mutants, likewise. */
  readonly mutant?: string;
}

/** @throws UserError CLI_BAD_OPTION */
function selectMutantSets(suite: string | undefined): readonly MutantSet[] {
  const sets = MUTANT_SETS.filter((mutantSet) => suite === undefined || mutantSet.suite === suite);
  if (sets.length > 0) return sets;
  const names = MUTANT_SETS.map((mutantSet) => mutantSet.suite);
  const near = suggestionsFor(suite ?? "", names);
  throw new UserError("CLI_BAD_OPTION", `no such suite: "${suite}" (--suite)${near}; there are ${names.join(", ")}`);
}

const splitIds = (text: string | undefined): readonly string[] | undefined => text?.split(",").map((id) => id.trim());

/** The mutant sets, narrowed to what `--only` and `--mutant` name. */
function narrowSets(sets: readonly MutantSet[], { only, mutant }: SelftestOptions): readonly MutantSet[] {
  if (only === undefined && mutant === undefined) return sets;
  const narrowed = { only: splitIds(only), mutants: splitIds(mutant) };
  const found = sets
    .map((mutantSet) => narrowMutantSet(mutantSet, narrowed))
    .filter(({ checks, mutants }) => checks.length > 0 && mutants.length > 0);
  if (found.length > 0) return found;
  const bare = sets.flatMap(({ checks }) => checks).find(({ id }) => id === only?.trim());
  if (bare !== undefined && mutant === undefined)
    throw new UserError(
      "CLI_BAD_OPTION",
      `the check ${bare.id} has no mutant: plant one, in conformance/osb/mutants for OSB`,
    );
  const ids = sets.flatMap(({ checks, mutants }) => (mutant === undefined ? checks : mutants).map(({ id }) => id));
  const near = suggestionsFor(mutant ?? only ?? "", ids);
  const asked = [only && `--only ${only}`, mutant && `--mutant ${mutant}`].filter(Boolean).join(" ");
  throw new UserError("CLI_BAD_OPTION", `no such check or mutant: ${asked}${near}`);
}

/** Shows progress on one line, on terminals only. */
function show(suite: string): (progress: Progress) => void {
  if (!process.stderr.isTTY) return () => {};
  return ({ done, all, broker }) =>
    void process.stderr.write(`\r\u001b[K${suite} ${done}/${all} ${done === all ? "\n" : broker.slice(0, 60)}`);
}

function print(mutantSet: MutantSet, { matrix, problems }: SelftestResult): void {
  const width = Math.max(...matrix.checks.map(({ id }) => id.length));
  console.log(`\n${mutantSet.suite}: check, and the mutants that it kills`);
  for (const { id, killers } of matrix.checks) console.log(`  ${id.padEnd(width)}  ${killers.join(", ") || "NONE"}`);
  const killed = matrix.checks.filter(({ killers }) => killers.length > 0).length;
  const percent = Math.floor((100 * killed) / matrix.checks.length);
  console.log(
    `${mutantSet.suite}: ${killed} of ${matrix.checks.length} checks kill a mutant (${percent} %); ${matrix.mutants.length} mutants; ` +
      `${mutantSet.cleanRuns?.length ?? 1} clean runs; ${problems.length} problems`,
  );
}

/**
 * Runs the suites, or the part that `--only` and `--mutant` name, on their mutants. Returns 0 if the matrix is sound, else 1, with the problems on
 * standard error.
 */
export async function selftest(options: SelftestOptions): Promise<number> {
  const results: SelftestResult[] = [];
  for (const mutantSet of narrowSets(selectMutantSets(options.suite), options)) {
    const result = await prove(mutantSet, show(mutantSet.suite));
    results.push(result);
    if (options.json !== true) print(mutantSet, result);
    for (const { text } of result.problems) console.error(text);
  }
  if (options.json === true) {
    const checks = results.flatMap(({ matrix }) => matrix.checks);
    const mutants = results.flatMap(({ matrix }) => matrix.mutants);
    console.log(JSON.stringify({ checks, mutants }, null, 2));
  }
  return results.every(({ problems }) => problems.length === 0) ? EXIT.ok : EXIT.notConformant;
}
