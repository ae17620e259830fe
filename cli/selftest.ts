import {
  LABS,
  selftest as prove,
  suggestionsFor,
  type MutantSet,
  type Progress,
  type SelftestResult,
} from "../conformance/index.ts";
import { EXIT, UserError } from "./errors.ts";

/** What the command line of `selftest` gives. */
export interface SelftestOptions {
  readonly json?: boolean;
  readonly suite?: string;
}

/** @throws UserError CLI_BAD_OPTION */
function findMutantSets(suite: string | undefined): readonly MutantSet[] {
  const labs = LABS.filter((lab) => suite === undefined || lab.suite === suite);
  if (labs.length > 0) return labs;
  const names = LABS.map((lab) => lab.suite);
  const near = suggestionsFor(suite ?? "", names);
  throw new UserError("CLI_BAD_OPTION", `no such suite: "${suite}" (--suite)${near}; there are ${names.join(", ")}`);
}

/** Progress on a terminal only, on one line. */
function show(suite: string): (progress: Progress) => void {
  if (!process.stderr.isTTY) return () => {};
  return ({ done, all, broker }) =>
    void process.stderr.write(`\r\u001b[K${suite} ${done}/${all} ${done === all ? "\n" : broker.slice(0, 60)}`);
}

function print(lab: MutantSet, { matrix, problems }: SelftestResult): void {
  const width = Math.max(...matrix.checks.map(({ id }) => id.length));
  console.log(`\n${lab.suite}: check, and the mutants that trip it`);
  for (const { id, killers } of matrix.checks) console.log(`  ${id.padEnd(width)}  ${killers.join(", ") || "NONE"}`);
  const killed = matrix.checks.filter(({ killers }) => killers.length > 0).length;
  const percent = Math.floor((100 * killed) / matrix.checks.length);
  console.log(
    `${lab.suite}: ${killed} of ${matrix.checks.length} checks tripped (${percent} %) by ${matrix.mutants.length} mutants; ` +
      `${lab.cleanRuns?.length ?? 1} clean runs; ${problems.length} problems`,
  );
}

/** `drydock selftest`: runs the suites on their mutants. Returns 0 when the kill matrix is sound, else 1, with the problems on standard error. */
export async function selftest(options: SelftestOptions): Promise<number> {
  const results: SelftestResult[] = [];
  for (const lab of findMutantSets(options.suite)) {
    const result = await prove(lab, show(lab.suite));
    results.push(result);
    if (options.json !== true) print(lab, result);
    for (const { text } of result.problems) console.error(text);
  }
  if (options.json === true) {
    const checks = results.flatMap(({ matrix }) => matrix.checks);
    const mutants = results.flatMap(({ matrix }) => matrix.mutants);
    console.log(JSON.stringify({ checks, mutants }, null, 2));
  }
  return results.every(({ problems }) => problems.length === 0) ? EXIT.ok : EXIT.notConformant;
}
