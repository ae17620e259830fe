import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TestResult } from "./client.ts";
import { judge, updateRatchet } from "./ratchet.ts";

const results = fc
  .dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("pass", "fail", "skip"))
  .map(
    (outcomes) =>
      new Map(
        Object.entries(outcomes).map(([name, outcome]): [string, TestResult] => [name, { outcome, said: "why" }]),
      ),
  );
const NOTHING = { packages: [], passing: [], failing: {}, skipped: 0 };

describe("the ratchet of a client", () => {
  it("only grows, and the run that it was updated with is as it should be", () => {
    fc.assert(
      fc.property(results, results, (first, second) => {
        const before = updateRatchet(NOTHING, ["it==1"], first);
        expect(judge(before, first)).toEqual({ lost: [], unexplained: [], won: [] });
        const after = updateRatchet(before, ["it==1"], second);
        expect(after.passing).toEqual(expect.arrayContaining([...before.passing]));
        expect(Object.keys(after.failing).filter((name) => after.passing.includes(name))).toEqual([]);
      }),
    );
  });

  it("names a test that passed once and fails now", () => {
    const before = updateRatchet(NOTHING, [], new Map([["a", { outcome: "pass", said: "" }]]));
    expect(judge(before, new Map([["a", { outcome: "fail", said: "why" }]])).lost).toEqual(["a"]);
  });
});
