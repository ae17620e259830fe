import { describe, expect, it } from "vitest";
import { fail, pass } from "./check.ts";
import type { CheckInfo, Level } from "./events.ts";
import { capByLevel, excuse, requireEvidence } from "./outcomes.ts";

const checkOf = (level: Level): CheckInfo => ({
  id: "a",
  suite: "osb",
  title: "a",
  level,
  clauses: [],
  section: "",
  requirement: "",
});

describe("the outcome of a check", () => {
  it.each([
    ["MUST", "fail"],
    ["SHOULD", "warn"],
    ["MAY", "warn"],
  ] as const)("that finds a %s violated is %s", (level, verdict) => {
    expect(capByLevel(fail("a", "b"), checkOf(level)).verdict).toBe(verdict);
  });

  it("is unknown when it passes with nothing to show", () => {
    expect(requireEvidence(pass(), []).verdict).toBe("unknown");
    expect(requireEvidence(fail("a", "b"), []).verdict).toBe("fail");
  });

  it("is a warning that says why where a baseline accepts it", () => {
    const accepted = { check: "a", reason: "mended in 3.2", until: "2027-01-31" };
    expect(excuse(fail("a", "b"), accepted)).toMatchObject({
      verdict: "warn",
      reason: "accepted until 2027-01-31 (mended in 3.2): expected a, seen b",
    });
  });
});
