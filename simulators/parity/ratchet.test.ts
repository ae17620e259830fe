import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  describeScore,
  differingLines,
  findRegressions,
  ratchetOf,
  type ScenarioScore,
  scoreOf,
  scoresByArea,
} from "./ratchet.ts";

const score = (id: string, matched: number, steps = 5, area = "a"): ScenarioScore => ({ id, area, steps, matched });
const scores = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.nat(9)), { selector: ([id]) => id, maxLength: 8 })
  .map((list) => list.map(([id, matched]) => score(id, matched, 9)));

describe("a ratchet", () => {
  test.prop([scores])("accepts the scores from which it was made", (list) => {
    expect(findRegressions(ratchetOf(list), list)).toEqual([]);
  });

  test.prop([scores])("accepts whatever matches more", (list) => {
    const better = list.map((each) => ({ ...each, matched: each.steps }));
    expect(findRegressions(ratchetOf(list), [...better, score("new", 0)])).toEqual([]);
  });

  it("names a scenario that matches less, with its first difference", () => {
    const now = [{ ...score("boot", 3), firstDifference: "step 3: 404" }, score("delete", 5)];
    expect(findRegressions(ratchetOf([score("boot", 4), score("delete", 5)]), now)).toEqual([
      "boot: 3 of 4: step 3: 404",
    ]);
  });

  it("names a scenario that is gone", () => {
    expect(findRegressions(ratchetOf([score("boot", 0)]), [])).toEqual(["boot: not replayed, instead of 0: "]);
  });
});

describe("a score", () => {
  const list = [score("x", 5), score("y", 3), score("z", 5, 5, "b")];

  it("adds up scenarios and steps, by area where asked", () => {
    expect(describeScore(scoreOf("all", list))).toBe("**2 of 3 scenarios, 13 of 15 steps** match");
    expect(scoresByArea(list).map(({ name, stepsMatched }) => [name, stepsMatched])).toEqual([
      ["a", 8],
      ["b", 5],
    ]);
  });

  it("lists what differs, or says that nothing does", () => {
    expect(differingLines(list)).toEqual(["- y: "]);
    expect(differingLines([score("x", 5)])).toEqual(["Nothing."]);
  });
});
