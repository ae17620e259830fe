import type { Mutant } from "../osb/mutants/mutant.ts";
import { OSB_CHECKS } from "../osb/suite.ts";
import { SPEC_MINORS } from "../client/spec-version.ts";
import type { CleanRun, MutantSet } from "../runner/mutant-set.ts";
import { certifyStand, memoryStand, runMutant, type Stand } from "./stand.ts";

function cleanRuns(): readonly CleanRun[] {
  const kinds: readonly (readonly [string, () => Stand])[] = [
    ["synchronous", () => memoryStand("sync")],
    ["asynchronous", () => memoryStand("async")],
    ["synchronous and asynchronous by plan", () => memoryStand("mixed")],
    ["asynchronous, its backend out of reach", () => ({ ...memoryStand("async"), backend: {} })],
  ];
  return kinds.flatMap(([name, stand]) =>
    SPEC_MINORS.map((minor) => ({ name: `${name}, 2.${minor}`, run: () => certifyStand(stand(), { minor }) })),
  );
}

/** The OSB suite on the broker in memory with these defects, in process and on virtual time. */
export function osbLab(mutants: readonly Mutant[]): MutantSet {
  const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]));
  return {
    suite: "osb",
    checks: OSB_CHECKS,
    mutants,
    cleanRuns: cleanRuns(),
    async run(mutantId, only) {
      if (mutantId === undefined) return certifyStand(memoryStand("sync"), { minor: 17, only });
      const mutant = byId.get(mutantId);
      if (mutant === undefined) throw new Error(`there is no mutant "${mutantId}"`);
      return (await runMutant(memoryStand(mutant.mode), mutant, only)).results;
    },
  };
}
