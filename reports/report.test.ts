import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunEvent } from "../conformance/runner/events.ts";
import { anyRun } from "./fixtures/runs.ts";
import { foldRun } from "./fold.ts";
import { VERDICTS } from "./report.ts";
import { mergeRuns } from "./merge.ts";

const severity = (verdict: (typeof VERDICTS)[number]) => VERDICTS.indexOf(verdict);

test("the order of the shards does not matter", () => {
  fc.assert(
    fc.property(anyRun, anyRun, anyRun, (a, b, c) => {
      expect(foldRun(mergeRuns(c, a, b))).toEqual(foldRun(mergeRuns(a, b, c)));
    }),
  );
});

test("merging in steps is merging at once", () => {
  fc.assert(
    fc.property(anyRun, anyRun, anyRun, (a, b, c) => {
      expect(foldRun(mergeRuns(mergeRuns(a, b), c))).toEqual(foldRun(mergeRuns(a, mergeRuns(b, c))));
    }),
  );
});

test("a repeated shard counts once", () => {
  fc.assert(
    fc.property(anyRun, anyRun, (a, b) => {
      expect(foldRun(mergeRuns(a, b, a))).toEqual(foldRun(mergeRuns(a, b)));
    }),
  );
});

test("a further shard never improves the verdict", () => {
  fc.assert(
    fc.property(anyRun, anyRun, (a, b) => {
      expect(severity(foldRun(mergeRuns(a, b)).verdict)).toBeLessThanOrEqual(severity(foldRun(a).verdict));
    }),
  );
});

test("the counts are those of the results, and a run without its end has not passed", () => {
  fc.assert(
    fc.property(anyRun, (events) => {
      const report = foldRun(events);
      const seeds = report.scenarios.flatMap((scenario) => scenario.seeds);
      for (const verdict of VERDICTS) {
        const results = [...report.checks, ...seeds].filter((each) => each.verdict === verdict);
        expect(report.counts[verdict]).toBe(results.length);
      }
      if (!report.isComplete) expect(severity(report.verdict)).toBeLessThanOrEqual(severity("unknown"));
    }),
  );
});

const started: RunEvent = {
  v: 1,
  type: "run-started",
  at: "2026-01-01T00:00:00Z",
  run: "r1",
  tool: { name: "drydock", version: "0.1.0" },
  command: "drydock run provisioning",
  target: { kind: "scenario", name: "provisioning" },
  planned: 1,
};

function seed(number: number, digest: string): RunEvent {
  return {
    v: 1,
    type: "seed-finished",
    scenario: "provisioning",
    seed: number,
    verdict: "pass",
    digest,
    steps: 3,
    durationMs: 1,
  };
}

test("a seed that gave two digests is reported", () => {
  const report = foldRun([started, seed(7, "aa"), { ...started, run: "r2" }, seed(7, "bb")]);
  expect(report.notes).toEqual([expect.stringContaining("seed 7 gave different digests")]);
});

test("passed seeds beyond the limit are counted and not listed", () => {
  const report = foldRun([started, ...Array.from({ length: 1_500 }, (_, at) => seed(at, "aa"))]);
  expect(report.scenarios[0]?.seeds).toHaveLength(1_000);
  expect(report.scenarios[0]?.counts.pass).toBe(1_500);
});

test("a check that began and never ended is listed", () => {
  const report = foldRun([started, { v: 1, type: "check-started", check: "catalog-a" }]);
  expect(report.unfinished).toEqual(["catalog-a"]);
  expect(report.verdict).toBe("unknown");
});

test("a stream without a beginning is refused", () => {
  expect(() => foldRun([])).toThrow("REPORT_NO_RUN");
  expect(() => foldRun([{ v: 1, type: "note", text: "x" }])).toThrow("REPORT_NO_RUN");
});
