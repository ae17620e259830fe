import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { levelsOf } from "./levels.ts";
import type { CertifiedCheck } from "./statement.ts";
import { type SampleCheck, SOUND, statementOf } from "./testing/sample.ts";

const levelsIn = (checks: readonly SampleCheck[]) =>
  statementOf(checks).predicate.drydock_certificate.levels.map(({ suite, level }) => `${suite} ${level}`);

/** The passing run, with another verdict for one check. */
const but = (id: string, more: Partial<SampleCheck>): readonly SampleCheck[] =>
  SOUND.map((check) => (check.id === id ? { ...check, ...more } : check));

describe("levels", () => {
  it.each<[string, readonly SampleCheck[], string]>([
    ["everything", SOUND, "osb extended, backup B2, isolation A+D"],
    ["a SHOULD that is not followed", but("names-short", { verdict: "warn" }), "osb core, backup B2, isolation A+D"],
    ["a MUST that is violated", but("catalog-200", { verdict: "fail" }), "osb none, backup B2, isolation A+D"],
    ["a MUST without a verdict", but("catalog-200", { verdict: "unknown" }), "osb none, backup B2, isolation A+D"],
    [
      "restores in place alone",
      but("restore-to-new", { verdict: "not-applicable" }),
      "osb extended, backup B1, isolation A+D",
    ],
    ["no true restore", but("restore-replaces", { verdict: "fail" }), "osb extended, backup none, isolation A+D"],
    [
      "no sight of another tenant's data",
      but("revoked", { verdict: "not-applicable" }),
      "osb extended, backup B2, isolation A",
    ],
    [
      "half a run",
      SOUND.map(({ verdict = "pass", ...check }, at) => (at === 3 ? check : { ...check, verdict })),
      "osb none, backup none, isolation none",
    ],
    [
      "a verdict that a warning explains",
      but("names-short", { verdict: "warn" }).map((check) =>
        check.id === "rotation" ? { ...check, verdict: "unknown" as const, followsFrom: "names-short" } : check,
      ),
      "osb core, backup B2, isolation A+D",
    ],
  ])("follow from the verdicts: %s", (_, checks, expected) => {
    expect(levelsIn(checks).join(", ")).toBe(expected);
  });

  it("without backups are B0, not a failure", () => {
    const none = SOUND.map((check) =>
      check.suite === "backup" ? { ...check, verdict: "not-applicable" as const } : check,
    );
    expect(levelsIn(none)).toContain("backup B0");
  });

  it("never rise when a verdict falls", () => {
    const verdicts = ["pass", "not-applicable", "warn", "unknown", "fail", "not-held"] as const;
    const anyCheck = fc.record({
      suite: fc.constantFrom("osb", "backup", "isolation"),
      level: fc.constantFrom("MUST", "SHOULD"),
      number: fc.integer({ min: 1, max: 72 }),
      verdict: fc.constantFrom(...verdicts),
    });
    const names = ["none", "B0", "core", "extended", "B1", "B2", "B3", "B4", "B5", "A", "A+D", "A+D+N", "A+D+N+O"];
    fc.assert(
      fc.property(fc.array(anyCheck, { minLength: 1 }), fc.nat(), (drawn, at) => {
        const checks = drawn.map(({ suite, level, number, verdict }, index): CertifiedCheck => {
          const clause = suite === "backup" ? `BK-${String(number).padStart(2, "0")}` : `IS-${number}`;
          return { id: `check-${index}`, suite, level, clauses: [clause], verdict };
        });
        const place = at % checks.length;
        const worse = checks.map((check, index) => (index === place ? { ...check, verdict: "fail" as const } : check));
        if (checks[place]?.verdict === "not-applicable") return;
        const [before, after] = [checks, worse].map((list) => levelsOf(list, [], new Set(), true));
        for (const { suite, level } of after ?? []) {
          const was = before?.find((each) => each.suite === suite)?.level ?? "none";
          expect(names.indexOf(level)).toBeLessThanOrEqual(names.indexOf(was));
        }
      }),
    );
  });
});
