import { isNamedBy } from "../runner/selection.ts";
import type { MutantInfo, MutantSet } from "../runner/mutant-set.ts";
import { hasNoticed } from "./selftest.ts";
import type { CheckResult } from "../runner/summary.ts";

/** The part of a self-test to run, by ids; a `*` stands for any characters. */
export interface Narrowed {
  /** The checks to prove. Default: those that the mutants are meant for. */
  readonly only?: readonly string[] | undefined;
  /** The mutants to prove them by. Default: those that are meant for the checks. */
  readonly mutants?: readonly string[] | undefined;
}

const isNamed = (patterns: readonly string[] | undefined, id: string): boolean =>
  patterns === undefined || patterns.some((pattern) => isNamedBy(pattern, id));

function selectMutants({ mutants: all }: MutantSet, { only, mutants }: Narrowed): readonly MutantInfo[] {
  if (mutants !== undefined) return all.filter(({ id }) => isNamed(mutants, id));
  return all.filter(({ expected }) => expected.some((check) => isNamed(only, check)));
}

/**
 * Narrows a mutant set, to prove a check under development in a second or two. Each mutant meets the named
 * checks alone; if that is not enough, because a check judges the requests of others, it meets the whole
 * suite. Without `only` it meets the whole suite, and no clean broker is run.
 */
export function narrowMutantSet(set: MutantSet, narrowed: Narrowed): MutantSet {
  const { only } = narrowed;
  const selected = selectMutants(set, narrowed);
  const meant = new Set(selected.flatMap(({ expected }) => expected));
  const checks = set.checks.filter(({ id }) => (only === undefined ? meant.has(id) : isNamed(only, id)));
  if (only === undefined) return { ...set, checks, mutants: selected, cleanRuns: [] };
  const ids = checks.map(({ id }) => id);
  const keepSelected = (results: readonly CheckResult[]) => results.filter(({ check }) => ids.includes(check.id));
  const mutants = selected.map((mutant) => ({ ...mutant, expected: mutant.expected.filter((id) => ids.includes(id)) }));
  return {
    ...set,
    checks,
    mutants,
    cleanRuns: (set.cleanRuns ?? []).map(({ name, run }) => ({ name, run: async () => keepSelected(await run(ids)) })),
    async run(mutantId) {
      const results = keepSelected(await set.run(mutantId, ids));
      const expected = mutants.find(({ id }) => id === mutantId)?.expected ?? [];
      const noticed = results.filter(hasNoticed).map(({ check }) => check.id);
      return expected.every((id) => noticed.includes(id)) ? results : keepSelected(await set.run(mutantId));
    },
  };
}
