import { expect, it } from "vitest";
import type { Verdict } from "../runner/events.ts";
import type { MutantSet } from "../runner/mutant-set.ts";
import { findDependences } from "./hermetic.ts";
import { checkInfo } from "./testing/check-info.ts";

/** A set of two checks, with their verdicts from `verdictOf`. */
function setOf(verdictOf: (id: string, only: boolean, seed: number | undefined) => Verdict): MutantSet {
  const checks = ["a", "b"].map(checkInfo);
  const run: MutantSet["run"] = async (_mutant, only, seed) =>
    checks
      .filter(({ id }) => only?.includes(id) ?? true)
      .map((check) => ({ check, verdict: verdictOf(check.id, only !== undefined, seed) }));
  return { suite: "osb", checks, mutants: [], run };
}

const mutant = { id: "m", description: "", expected: ["a"], also: [] };

it("a check with the same verdict alone, in any order and beside others depends on nothing else", async () => {
  const set = setOf((id) => (id === "a" ? "fail" : "pass"));
  expect(await findDependences(set, mutant, 7)).toEqual([]);
});

it("a check that needs the others is exposed by running it alone", async () => {
  const set = setOf((id, isAlone) => (id === "a" && !isAlone ? "fail" : "pass"));
  expect(await findDependences(set, mutant, 7)).toMatchObject([{ check: "a", how: "alone", otherwise: "pass" }]);
});

it("a check that depends on the order is exposed by the shuffled run", async () => {
  const set = setOf((id, _isAlone, seed) => (id === "b" && seed === 7 ? "warn" : "pass"));
  expect(await findDependences(set, mutant, 7)).toMatchObject([{ check: "b", how: "shuffled", otherwise: "warn" }]);
});
