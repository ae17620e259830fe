import { describe, expect, it } from "vitest";
import { causesOf, worstOwnVerdict } from "./causes.ts";
import type { Verdict } from "./events.ts";

const result = (id: string, verdict: Verdict, followsFrom?: string) => ({
  check: { id },
  verdict,
  ...(followsFrom === undefined ? {} : { followsFrom }),
});

describe("the causes of findings", () => {
  it("are the faults that explain them, the worst first, then those that explain most", () => {
    const results = [
      result("a", "warn"),
      result("b", "fail"),
      result("c", "unknown", "b"),
      result("d", "unknown", "c"),
      result("e", "pass"),
      result("f", "fail"),
      result("g", "unknown"),
    ];
    expect(causesOf(results)).toEqual([
      { check: "b", verdict: "fail", followers: ["c", "d"] },
      { check: "f", verdict: "fail", followers: [] },
      { check: "g", verdict: "unknown", followers: [] },
      { check: "a", verdict: "warn", followers: [] },
    ]);
  });

  it("are the findings themselves if the cause passed or did not run", () => {
    const results = [result("a", "pass"), result("b", "unknown", "a"), result("c", "unknown", "elsewhere")];
    expect(causesOf(results).map(({ check }) => check)).toEqual(["b", "c"]);
    expect(worstOwnVerdict(results)).toBe("unknown");
  });

  it("come to an end even if findings follow from each other", () => {
    const results = [result("a", "unknown", "b"), result("b", "unknown", "a")];
    expect(causesOf(results).length).toBeGreaterThan(0);
    expect(worstOwnVerdict(results)).toBe("unknown");
  });

  it("hide no failure, whatever it claims to follow from", () => {
    const results = [result("a", "warn"), result("b", "fail", "a")];
    expect(worstOwnVerdict(results)).toBe("fail");
  });

  it.each<[Verdict, Verdict]>([
    ["fail", "fail"],
    ["warn", "warn"],
    ["unknown", "unknown"],
  ])("leave a run with a cause that is %s and what follows from it %s", (cause, verdict) => {
    expect(worstOwnVerdict([result("a", cause), result("b", "unknown", "a"), result("c", "pass")])).toBe(verdict);
  });
});
