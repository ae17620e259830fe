import { isNamedBy } from "../runner/selection.ts";
import type { MutantInfo, MutantSet } from "../runner/mutant-set.ts";
import type { CheckResult } from "../runner/summary.ts";

/** The kills. The two lists are the same matrix by rows and by columns. */
export interface KillMatrix {
  readonly checks: readonly { readonly id: string; readonly killers: readonly string[] }[];
  readonly mutants: readonly {
    readonly id: string;
    readonly killedBy: readonly string[];
    readonly expected: readonly string[];
  }[];
}

/** A reason not to trust a suite, in one line. */
export interface Problem {
  readonly kind: "check-without-killer" | "mutant-missed" | "mutant-over-noticed" | "clean-broker" | "check-crashed";
  /** Id of the check, mutant or clean broker in question. */
  readonly about: string;
  readonly text: string;
}

/** The result of the self-test of one suite. */
export interface SelftestResult {
  readonly matrix: KillMatrix;
  readonly problems: readonly Problem[];
}

/** The mutants that the checks meant for them miss when nothing else runs: the quick half of a self-test. */
export async function findUnnoticed(set: MutantSet): Promise<readonly string[]> {
  const missed: string[] = [];
  for (const { id, expected } of set.mutants) {
    const noticed = (await set.run(id, expected)).filter(hasNoticed).map(({ check }) => check.id);
    if (expected.some((check) => !noticed.includes(check))) missed.push(id);
  }
  return missed;
}

/** The progress so far: `done` of `all` runs, the last of them on `broker`. */
export interface Progress {
  readonly done: number;
  readonly all: number;
  readonly broker: string;
}

const CRASHED = /^the check crashed/;

/** A violated MUST shows as `fail`, a violated SHOULD or MAY as `warn`; a withheld verdict accuses nobody. */
export const hasNoticed = ({ verdict }: CheckResult): boolean => verdict === "fail" || verdict === "warn";

/** Whether an id is in a list; `*` in the list stands for any characters. */
export function isListed(list: readonly string[], id: string): boolean {
  return list.some((entry) => isNamedBy(entry, id));
}

function crashes(about: string, results: readonly CheckResult[]): Problem[] {
  return results
    .filter(({ reason }) => reason !== undefined && CRASHED.test(reason))
    .map(({ check, reason }) => ({ kind: "check-crashed", about, text: `${about}: ${check.id}: ${reason}` }));
}

async function cleanProblems(mutantSet: MutantSet, report: (broker: string) => void): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const { name, run } of mutantSet.cleanRuns ?? [{ name: "clean", run: () => mutantSet.run() }]) {
    const results = await run();
    report(name);
    for (const { check, verdict, reason } of results) {
      if (verdict === "pass" || verdict === "not-applicable") continue;
      const text = `the clean broker (${name}): ${check.id} is ${verdict}: ${reason ?? ""}`;
      problems.push({ kind: "clean-broker", about: name, text });
    }
  }
  return problems;
}

function judgeMutant(mutant: MutantInfo, killedBy: readonly string[]): Problem[] {
  const { id, expected, also, description } = mutant;
  const missed = expected.filter((check) => !killedBy.includes(check));
  const over = killedBy.filter((check) => !expected.includes(check) && !isListed(also, check));
  return [
    ...missed.map((check): Problem => {
      return { kind: "mutant-missed", about: id, text: `${id}: ${check} did not notice: ${description}` };
    }),
    ...over.map((check): Problem => {
      return { kind: "mutant-over-noticed", about: id, text: `${id}: ${check} objects to: ${description}` };
    }),
  ];
}

/** A mutant that expects a nonexistent check proves nothing. */
function unknownExpectations({ checks, mutants }: MutantSet): Problem[] {
  const known = new Set(checks.map(({ id }) => id));
  return mutants.flatMap(({ id, expected }) =>
    expected
      .filter((check) => !known.has(check))
      .map((check): Problem => ({ kind: "mutant-missed", about: id, text: `${id}: there is no check ${check}` })),
  );
}

/**
 * Runs a suite on a clean broker and on each of its mutants. Sound when `problems` is empty: each check
 * notices at least one mutant meant for it, each mutant is noticed by the checks that it names and by no
 * others than its description allows, and no clean broker is accused of anything.
 */
export async function selftest(
  mutantSet: MutantSet,
  onProgress: (progress: Progress) => void = () => {},
): Promise<SelftestResult> {
  const all = mutantSet.mutants.length + (mutantSet.cleanRuns?.length ?? 1);
  let done = 0;
  const report = (broker: string) => onProgress({ done: ++done, all, broker });
  const problems = [...unknownExpectations(mutantSet), ...(await cleanProblems(mutantSet, report))];
  const rows: KillMatrix["mutants"][number][] = [];
  for (const mutant of mutantSet.mutants) {
    const results = await mutantSet.run(mutant.id);
    report(mutant.id);
    const killedBy = results.filter(hasNoticed).map(({ check }) => check.id);
    rows.push({ id: mutant.id, killedBy, expected: mutant.expected });
    problems.push(...judgeMutant(mutant, killedBy), ...crashes(mutant.id, results));
  }
  const checks = mutantSet.checks.map(({ id }) => ({
    id,
    killers: rows.filter(({ killedBy }) => killedBy.includes(id)).map((row) => row.id),
  }));
  const unkilled = checks
    .filter(({ id }) => !rows.some(({ killedBy, expected }) => killedBy.includes(id) && expected.includes(id)))
    .map(
      ({ id }): Problem => ({
        kind: "check-without-killer",
        about: id,
        text: `${id} kills no mutant that is meant for it`,
      }),
    );
  return { matrix: { checks, mutants: rows }, problems: [...problems, ...unkilled] };
}
