import { describe, expect, it } from "vitest";
import type { Verdict } from "../runner/events.ts";
import type { MutantSet } from "../runner/mutant-set.ts";
import { narrowMutantSet } from "./narrow.ts";
import { selftest } from "./selftest.ts";
import { checkInfo } from "./testing/check-info.ts";

const mutant = (id: string, expected: readonly string[]) => ({ id, description: `is ${id}`, expected, also: [] });

/** Three checks with a mutant each; `late` notices its mutant only after the others have run. */
function mutantSet() {
  const runs: string[] = [];
  const checks = ["a-one", "b-two", "late"].map(checkInfo);
  const set: MutantSet = {
    suite: "osb",
    checks,
    mutants: [mutant("no-a", ["a-one"]), mutant("no-b", ["b-two", "a-one"]), mutant("no-late", ["late"])],
    cleanRuns: [{ name: "clean", run: async (only) => judge("clean", only) }],
    run: async (id = "clean", only) => judge(id, only),
  };
  function judge(broker: string, only: readonly string[] | undefined) {
    runs.push(`${broker} ${only === undefined ? "whole" : only.join(" ")}`);
    const expected = set.mutants.find(({ id }) => id === broker)?.expected ?? [];
    const isNoticed = (id: string) => expected.includes(id) && (id !== "late" || only === undefined);
    return checks
      .filter(({ id }) => only?.includes(id) ?? true)
      .map((check) => ({ check, verdict: (isNoticed(check.id) ? "fail" : "pass") as Verdict }));
  }
  return { set, runs };
}

describe("a narrowed self-test", () => {
  it("proves one check by the mutants meant for it, and runs nothing else", async () => {
    const { set, runs } = mutantSet();
    const { matrix, problems } = await selftest(narrowMutantSet(set, { only: ["a-one"] }));
    expect(problems).toEqual([]);
    expect(matrix.checks).toEqual([{ id: "a-one", killers: ["no-a", "no-b"] }]);
    expect(runs).toEqual(["clean a-one", "no-a a-one", "no-b a-one"]);
  });

  it("runs the whole suite on a mutant only if the check alone does not notice it", async () => {
    const { set, runs } = mutantSet();
    const { problems } = await selftest(narrowMutantSet(set, { only: ["late"] }));
    expect(problems).toEqual([]);
    expect(runs).toEqual(["clean late", "no-late late", "no-late whole"]);
  });

  it("runs the whole suite on a named mutant, and judges the checks that it is meant for", async () => {
    const { set, runs } = mutantSet();
    const { matrix, problems } = await selftest(narrowMutantSet(set, { mutants: ["*-b"] }));
    expect(problems).toEqual([]);
    expect(matrix.checks.map(({ id }) => id)).toEqual(["a-one", "b-two"]);
    expect(runs).toEqual(["no-b whole"]);
  });

  it("reports a named mutant that is not meant for the named check", async () => {
    const { set } = mutantSet();
    const { problems } = await selftest(narrowMutantSet(set, { only: ["a-*"], mutants: ["no-late"] }));
    expect(problems).toMatchObject([{ kind: "check-without-killer", about: "a-one" }]);
  });

  it("has neither checks nor mutants for an unknown name", () => {
    const { checks, mutants } = narrowMutantSet(mutantSet().set, { only: ["c"] });
    expect([checks, mutants]).toEqual([[], []]);
  });
});
