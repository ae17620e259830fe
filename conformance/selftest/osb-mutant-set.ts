import { OSB_CHECKS } from "../osb/checks.ts";
import type { Mutant } from "../osb/mutants/mutant.ts";
import { certifyBroker, memoryBrokerUnderTest, runMutant, type BrokerUnderTest } from "./broker-under-test.ts";
import type { CleanRun, MutantSet } from "../runner/mutant-set.ts";
import { SPEC_MINORS } from "../client/spec-version.ts";

function cleanRuns(): readonly CleanRun[] {
  const kinds: readonly (readonly [string, () => BrokerUnderTest])[] = [
    ["synchronous", () => memoryBrokerUnderTest("sync")],
    ["asynchronous", () => memoryBrokerUnderTest("async")],
    ["synchronous and asynchronous by plan", () => memoryBrokerUnderTest("mixed")],
    ["asynchronous, its backend out of reach", () => ({ ...memoryBrokerUnderTest("async"), backend: {} })],
  ];
  return kinds.flatMap(([name, createBroker]) =>
    SPEC_MINORS.map((minor) => ({
      name: `${name}, 2.${minor}`,
      run: (only) => certifyBroker(createBroker(), { minor, only }),
    })),
  );
}

/** The OSB suite on the broker in memory with these defects, in process and on virtual time. */
export function osbMutantSet(mutants: readonly Mutant[]): MutantSet {
  const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]));
  return {
    suite: "osb",
    checks: OSB_CHECKS,
    mutants,
    cleanRuns: cleanRuns(),
    async run(mutantId, only, shuffleSeed) {
      if (mutantId === undefined) return certifyBroker(memoryBrokerUnderTest("sync"), { minor: 17, only, shuffleSeed });
      const mutant = byId.get(mutantId);
      if (mutant === undefined) throw new Error(`there is no mutant "${mutantId}"`);
      return (await runMutant(memoryBrokerUnderTest(mutant.mode), mutant, only, shuffleSeed)).results;
    },
  };
}
