import fc from "fast-check";
import { expect, test } from "vitest";
import type { CheckInfo, RunEvent, Verdict } from "../conformance/runner/events.ts";
import { causesSentence, groupByCause } from "./causes.ts";
import { anyRun } from "./fixtures/runs.ts";
import { foldRun } from "./fold.ts";
import { type CheckReport, findings } from "./report.ts";

function check(id: string, verdict: Verdict, more: Partial<CheckReport> = {}): CheckReport {
  const info: CheckInfo = {
    id,
    suite: "osb",
    title: id,
    level: "MUST",
    clauses: [id],
    section: "Binding",
    requirement: id,
  };
  return { ...info, verdict, durationMs: 0, evidence: [], ...more };
}

/** Runs whose checks name each other, themselves or nothing as the cause. */
const anyTangle: fc.Arbitrary<readonly RunEvent[]> = anyRun.chain((events) => {
  const ids = events.flatMap((event) => (event.type === "check-finished" ? [event.check.id] : []));
  const anyCause = fc.option(fc.constantFrom(...ids, "no-such-check"), { nil: undefined });
  return fc.array(anyCause, { minLength: events.length, maxLength: events.length }).map((causes) =>
    events.map((event, at) => {
      const cause = causes[at];
      return event.type === "check-finished" && cause !== undefined ? { ...event, followsFrom: cause } : event;
    }),
  );
});

test("every finding is listed under exactly one cause, however the checks name each other", () => {
  fc.assert(
    fc.property(anyTangle, (events) => {
      const report = foldRun(events);
      const grouped = groupByCause(report).flatMap(({ root, followers }) => [root, ...followers]);
      expect(grouped.map(({ id }) => id).toSorted()).toEqual(
        findings(report)
          .map(({ id }) => id)
          .toSorted(),
      );
    }),
  );
});

test("whatever follows from a finding, directly or not, is listed under it", () => {
  const checks = [
    check("root", "fail"),
    check("near", "unknown", { followsFrom: "root" }),
    check("far", "unknown", { followsFrom: "near" }),
    check("other", "warn", { level: "SHOULD" }),
  ];
  const causes = groupByCause({ checks });
  expect(causes.map(({ root, followers }) => [root.id, ...followers.map(({ id }) => id)])).toEqual([
    ["root", "near", "far"],
    ["other"],
  ]);
  expect(causesSentence(causes)).toBe("2 causes, 4 findings");
});

test("a finding that follows from a check without one is a cause itself", () => {
  const causes = groupByCause({ checks: [check("sound", "pass"), check("lone", "unknown", { followsFrom: "sound" })] });
  expect(causes.map(({ root }) => root.id)).toEqual(["lone"]);
  expect(causesSentence(causes)).toBe("1 cause, 1 finding");
});

test("causes are ordered by verdict, then by how binding the requirement is", () => {
  const checks = [
    check("may", "warn", { level: "MAY" }),
    check("open", "unknown"),
    check("should", "warn", { level: "SHOULD" }),
    check("must", "fail"),
  ];
  expect(groupByCause({ checks }).map(({ root }) => root.id)).toEqual(["must", "open", "should", "may"]);
});

test("no findings, no sentence", () => {
  expect(causesSentence(groupByCause({ checks: [check("sound", "pass")] }))).toBeUndefined();
});
