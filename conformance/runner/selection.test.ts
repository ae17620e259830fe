import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SUITES } from "../suites/suites.ts";
import { nearestTo } from "../client/errors/nearest.ts";
import { isNamedBy, selectChecks } from "./selection.ts";

const all = Object.values(SUITES);
const ids = all.flatMap(({ checks }) => checks.map(({ id }) => id));
const anyId = fc.constantFrom(...ids);

describe("a pattern of check ids", () => {
  it("names what a regular expression with .* for * would", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "-", "*"), maxLength: 12 });
    const word = fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 12 });
    fc.assert(
      fc.property(letters, word, (pattern, id) => {
        const expression = new RegExp(`^${pattern.replaceAll(/\*+/g, ".*")}$`);
        expect(isNamedBy(pattern, id)).toBe(expression.test(id));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is matched in time that grows with its length, however many stars it has", () => {
    expect(isNamedBy(`${"*a".repeat(50_000)}b`, "a".repeat(50_000))).toBe(false);
  });

  it("that names nothing is refused, whatever others name", () => {
    fc.assert(
      fc.property(anyId, fc.string({ maxLength: 20 }), (good, word) => {
        fc.pre(!ids.some((id) => isNamedBy(word, id)));
        expect(() => selectChecks({ suites: all, only: [good, word] })).toThrow(/no such check: .*\[no-such-check\]/);
      }),
    );
  });

  it("that misses an id by one character gets the id as a hint", () => {
    fc.assert(
      fc.property(anyId, fc.nat(), (id, at) => {
        const typo = `${id.slice(0, at % id.length)}${id.slice((at % id.length) + 1)}`;
        fc.pre(!ids.includes(typo));
        const near = nearestTo(typo, ids);
        expect(near.length).toBeGreaterThan(0);
        expect(near.includes(id) || near.length === 3).toBe(true);
      }),
    );
  });

  it("of another suite is refused with the name of that suite", () => {
    expect(() => selectChecks({ suites: [SUITES.osb], knownSuites: all, only: ["BK-10"] })).toThrow(
      "belongs to the suite backup",
    );
  });

  it("is needed where a list is given", () => {
    expect(() => selectChecks({ suites: all, only: [] })).toThrow("the list of checks is empty");
  });
});

describe("the scope of a run", () => {
  it("holds or leaves out each check of each suite", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyId, { minLength: 1, maxLength: 5 }), (only) => {
        const { checks, scope } = selectChecks({ suites: all, only });
        const held = checks.map(({ check }) => check.id);
        expect(held.toSorted()).toEqual(only.toSorted());
        const leftOut = scope.suites.flatMap((suite) => suite.leftOut);
        expect([...held, ...leftOut].toSorted()).toEqual(ids.toSorted());
        expect(scope.narrowedBy).toEqual([{ by: "only", to: only.join(",") }]);
      }),
    );
  });

  it("is the whole when nothing narrows it", () => {
    expect(selectChecks({ suites: all }).scope).toMatchObject({
      narrowedBy: [],
      suites: all.map(({ name }) => ({ suite: name, leftOut: [] })),
    });
  });

  it("takes a suite that is given twice once", () => {
    expect(selectChecks({ suites: [SUITES.backup, SUITES.backup] }).checks).toHaveLength(SUITES.backup.checks.length);
  });

  it.each([
    ["a service", { service: "notes" }, { by: "service", to: "notes" }],
    ["a plan", { plan: "small" }, { by: "plan", to: "small" }],
    ["too few instances", { maxInstances: 1 }, { by: "max-instances", to: "1" }],
    [
      "a suite with checks taken out",
      { suites: [{ ...SUITES.osb, checks: SUITES.osb.checks.slice(1) }] },
      { by: "suites", to: "osb" },
    ],
  ])("is narrowed by %s", (_what, narrow, narrowing) => {
    expect(selectChecks({ suites: all, knownSuites: all, ...narrow }).scope.narrowedBy).toEqual([narrowing]);
  });

  it("leaves out the checks that need more instances than are allowed", () => {
    const leftOut = selectChecks({ suites: all, maxInstances: 1 }).scope.suites.flatMap((suite) => suite.leftOut);
    const large = all.flatMap(({ checks }) => checks.filter(({ instances }) => (instances ?? 1) > 1));
    expect(leftOut).toEqual(large.map(({ id }) => id));
    expect(leftOut).not.toEqual([]);
  });
});
