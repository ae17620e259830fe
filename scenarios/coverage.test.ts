import { describe, expect, it } from "vitest";
import { type Coverage, describeCoverage, Exercise, whyVacuous } from "./coverage.ts";

type Note = Readonly<Parameters<Exercise["note"]>>;

const coverageOf = (...notes: readonly Note[]): Coverage => {
  const exercise = new Exercise();
  for (const note of notes) exercise.note(...note);
  return exercise.coverage;
};

const step = ["steps", "bind"] as const;
const law = ["laws", "contents", 2] as const;

describe("a run", () => {
  it.each([
    ["no step acted", [law]],
    ["no step acted", [law, ["steps", "bind (refused)"] as const]],
    ["no law had anything to judge", [step, ["laws", "contents", 0] as const]],
    ["of 3 faults none fired", [step, law, ["faults", "armed", 3] as const]],
  ])("is vacuous: %s", (why, notes) => {
    expect(whyVacuous(coverageOf(...notes))).toBe(why);
  });

  it("is not vacuous if steps acted, laws judged, and faults, if there were any, fired", () => {
    expect(whyVacuous(coverageOf(step, law))).toBeUndefined();
    expect(whyVacuous(coverageOf(step, law, ["faults", "armed", 3], ["faults", "fired: late"]))).toBeUndefined();
  });

  it("adds up the coverages of its seeds, and names the pairs that no seed met", () => {
    const sum = new Exercise();
    for (const met of ["a", "b"]) sum.add(coverageOf(step, ["pairs", met]));
    expect(sum.coverage.steps).toEqual({ bind: 2 });
    for (const hit of [true, false, true]) {
      const play = new Exercise();
      play.notePlan(hit);
      sum.add(play.coverage);
    }
    const lines = describeCoverage(sum.coverage, ["a", "b", "c"]);
    expect(lines[0]).toBe("plans: 3, a fault acted in 2 (67 %), 0.0 restores accepted a plan");
    expect(lines.at(-1)).toBe("pairs (operation × kind of fault × phase): 2 of 3 met; never: c");
  });
});
