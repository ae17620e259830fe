import { describe, expect, it } from "vitest";
import type { Verdict } from "../runner/events.ts";
import type { MutantSet, MutantInfo } from "../runner/mutant-set.ts";
import { isListed, type Problem, selftest } from "./selftest.ts";
import type { CheckResult } from "../runner/summary.ts";
import { checkInfo } from "./testing/check-info.ts";

const mutant = (id: string, expected: readonly string[], also: readonly string[] = []): MutantInfo => ({
  id,
  description: `is ${id}`,
  expected,
  also,
});

/** A mutant set with given results: verdicts by broker and check, `pass` by default. */
function mutantSetOf(
  mutants: readonly MutantInfo[],
  verdicts: Record<string, Record<string, [Verdict, string?]>>,
): MutantSet {
  const checks = ["a", "b", "c"].map(checkInfo);
  const resultsOf = (broker: string): readonly CheckResult[] =>
    checks.map((check) => {
      const [verdict, reason] = verdicts[broker]?.[check.id] ?? ["pass"];
      return { check, verdict, ...(reason === undefined ? {} : { reason }) };
    });
  return { suite: "osb", checks, mutants, run: async (id) => resultsOf(id ?? "clean") };
}

const sound = [mutant("no-a", ["a"]), mutant("no-b", ["b"], ["c*"]), mutant("no-c", ["c"])];
const soundly: Record<string, Record<string, [Verdict, string?]>> = {
  "no-a": { a: ["fail"] },
  "no-b": { b: ["warn"], c: ["fail"] },
  "no-c": { c: ["fail"], a: ["not-applicable"], b: ["unknown", "it needs an instance"] },
};

async function problemsOf(
  mutants: readonly MutantInfo[],
  verdicts: Record<string, Record<string, [Verdict, string?]>>,
): Promise<readonly Pick<Problem, "kind" | "about">[]> {
  const { problems } = await selftest(mutantSetOf(mutants, verdicts));
  return problems.map(({ kind, about }) => ({ kind, about }));
}

describe("selftest", () => {
  it("has no objection to a sound matrix, and lists it by rows and columns", async () => {
    const seen: number[] = [];
    const { matrix, problems } = await selftest(mutantSetOf(sound, soundly), ({ done }) => seen.push(done));
    expect(problems).toEqual([]);
    expect(matrix.checks).toEqual([
      { id: "a", killers: ["no-a"] },
      { id: "b", killers: ["no-b"] },
      { id: "c", killers: ["no-b", "no-c"] },
    ]);
    expect(matrix.mutants[1]).toEqual({ id: "no-b", killedBy: ["b", "c"], expected: ["b"] });
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it("names the mutant that its check misses, and the check that therefore kills none", async () => {
    expect(await problemsOf(sound, { ...soundly, "no-a": {} })).toEqual([
      { kind: "mutant-missed", about: "no-a" },
      { kind: "check-without-killer", about: "a" },
    ]);
  });

  it("does not count a withheld verdict as noticing", async () => {
    const verdicts = { ...soundly, "no-a": { a: ["unknown", "no answer"] } as Record<string, [Verdict, string?]> };
    expect(await problemsOf(sound, verdicts)).toContainEqual({ kind: "mutant-missed", about: "no-a" });
  });

  it("names the check that objects to a mutant meant for others", async () => {
    const verdicts = { ...soundly, "no-a": { a: ["fail"], b: ["warn"] } as Record<string, [Verdict, string?]> };
    expect(await problemsOf(sound, verdicts)).toEqual([{ kind: "mutant-over-noticed", about: "no-a" }]);
  });

  it("does not count a check as proven by a mutant that is not meant for it", async () => {
    const mutants = [mutant("no-a", ["a"], ["b"]), mutant("no-c", ["c"])];
    const verdicts = { "no-a": { a: ["fail"], b: ["fail"] }, "no-c": { c: ["fail"] } } as never;
    expect(await problemsOf(mutants, verdicts)).toEqual([{ kind: "check-without-killer", about: "b" }]);
  });

  it.each<Verdict>(["fail", "warn", "unknown"])("does not tolerate %s on a clean broker", async (verdict) => {
    expect(await problemsOf(sound, { ...soundly, clean: { b: [verdict] } })).toEqual([
      { kind: "clean-broker", about: "clean" },
    ]);
  });

  it("reports a check that crashed on any broker", async () => {
    const verdicts = { ...soundly, "no-a": { a: ["fail"], c: ["unknown", "the check crashed: TypeError"] } } as never;
    expect(await problemsOf(sound, verdicts)).toEqual([{ kind: "check-crashed", about: "no-a" }]);
  });

  it("reports a mutant that expects a nonexistent check", async () => {
    const problems = await problemsOf([...sound, mutant("no-d", ["d"])], soundly);
    expect(problems).toContainEqual({ kind: "mutant-missed", about: "no-d" });
  });
});

describe("isListed", () => {
  it.each([
    [["a"], "a", true],
    [["a"], "ab", false],
    [["a*"], "ab", true],
    [["*-b"], "a-b", true],
    [["a*c"], "abc", true],
    [["a.c"], "abc", false],
    [["a.*"], "abc", false],
    [[], "a", false],
  ])("%j holds %s: %s", (list, id, is) => {
    expect(isListed(list, id)).toBe(is);
  });
});
