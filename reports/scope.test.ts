import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RunEvent, Verdict } from "../conformance/runner/events.ts";
import { ctrf } from "./ctrf.ts";
import { EXAMPLE_RUN } from "./fixtures/example.ts";
import { SCOPED_IDS, scopedRun } from "./fixtures/scoped.ts";
import { githubAnnotations } from "./github.ts";
import { reportHtml } from "./html.ts";
import { isRunEvent } from "./event-schema.ts";
import { junitXml } from "./junit.ts";
import { foldRun } from "./fold.ts";
import { sarif } from "./sarif.ts";
import { mergeRuns } from "./merge.ts";
import { summaryMarkdown } from "./markdown.ts";
import { summaryLines } from "./summary.ts";

const verdict = fc.constantFrom<Verdict>("pass", "pass", "pass", "warn", "fail", "unknown", "not-applicable");
const verdicts = fc
  .tuple(...SCOPED_IDS.map(() => verdict))
  .map((all) => Object.fromEntries(SCOPED_IDS.map((id, at) => [id, all[at] ?? "pass"])));
/** The shard that runs each check. */
const placing = fc.tuple(...SCOPED_IDS.map(() => fc.nat(3)));

function shardsOf(placed: readonly number[], of: Readonly<Record<string, Verdict>>): readonly (readonly RunEvent[])[] {
  const shards = [...new Set(placed)].map((shard) => SCOPED_IDS.filter((_, at) => placed[at] === shard));
  return shards.map((only, at) => scopedRun({ run: `r${at}`, verdicts: of, only }));
}

/** A report in every format, as text. */
const FACES: Readonly<Record<string, (report: ReturnType<typeof foldRun>) => string>> = {
  JSON: (report) => JSON.stringify(report),
  JUnit: junitXml,
  HTML: reportHtml,
  SARIF: (report) => JSON.stringify(sarif(report, new Map())),
  CTRF: (report) => JSON.stringify(ctrf(report)),
  Markdown: summaryMarkdown,
  terminal: (report) => summaryLines(report).join("\n"),
  GitHub: (report) => githubAnnotations(report).join("\n"),
};

test("shards that together run every check once give the result of one whole run", () => {
  fc.assert(
    fc.property(verdicts, placing, (of, placed) => {
      const [whole, merged] = [
        foldRun(scopedRun({ run: "r", verdicts: of })),
        foldRun(mergeRuns(...shardsOf(placed, of))),
      ];
      for (const member of ["verdict", "conformant", "headline", "exercised", "counts", "suites", "exitCode"] as const)
        expect(merged[member]).toEqual(whole[member]);
    }),
    { numRuns: 500 },
  );
});

test("shards that lack a check are described by what they ran, whatever the outcome", () => {
  fc.assert(
    fc.property(verdicts, placing, fc.constantFrom(...SCOPED_IDS), (of, placed, missing) => {
      const kept = SCOPED_IDS.filter((id) => id !== missing);
      const shards = shardsOf(placed, of).filter((_, at) => at > 0);
      const rest = scopedRun({ run: "rest", verdicts: of, only: kept });
      const report = foldRun(mergeRuns(rest, ...shards.filter((shard) => !holds(shard, missing))));
      expect(report.conformant).toBe(false);
      expect(report.headline).toMatch(/^5 of 6 checks: /);
    }),
  );
});

const holds = (events: readonly RunEvent[], id: string): boolean =>
  events.some((event) => event.type === "check-finished" && event.check.id === id);

test("runs against one plan each don't add up to a run against all plans", () => {
  const small = scopedRun({ run: "a", verdicts: {}, narrowedBy: [{ by: "plan", to: "small" }] });
  const large = scopedRun({ run: "b", verdicts: {}, narrowedBy: [{ by: "plan", to: "large" }] });
  const report = foldRun(mergeRuns(small, large));
  expect(report.headline).toBe("6 of 6 checks, --plan large, --plan small: passed");
  expect(foldRun(mergeRuns(small, large, scopedRun({ run: "c", verdicts: {} }))).conformant).toBe(true);
});

test("the line that reruns each shard is reported", () => {
  const report = foldRun(mergeRuns(...shardsOf([0, 0, 1, 1, 2, 2], {})));
  expect(report.commands).toHaveLength(3);
  for (const [name, face] of Object.entries(FACES))
    if (name !== "GitHub") for (const line of report.commands) expect(face(report)).toContain(line);
});

describe.each(Object.entries(FACES))("%s", (_name, face) => {
  test("describes a narrowed run by what was run, never as conformant", () => {
    const text = face(foldRun(scopedRun({ run: "r", verdicts: {}, only: ["catalog-a", "catalog-b"] })));
    expect(text).not.toContain("Conformant");
    expect(text).toContain("2 of 6 checks: passed");
  });

  test("names the suite of which nothing could be exercised, and does not call the run conformant", () => {
    const report = foldRun(scopedRun({ run: "r", verdicts: { "BK-1": "not-applicable", "BK-2": "not-applicable" } }));
    expect(report).toMatchObject({ verdict: "unknown", exitCode: 2 });
    expect(face(report)).not.toContain("Conformant");
    expect(face(report)).toContain("Could not be determined: backup not exercised");
    expect(face(report)).toContain("Exercised: osb 4 of 4 checks, backup none of 2 checks");
  });

  test("calls a whole and exercised run conformant", () => {
    expect(face(foldRun(scopedRun({ run: "r", verdicts: {} })))).toContain("Conformant in osb and backup");
  });
});

test("an old stream can be read, but never shows that a broker conforms", () => {
  const passed = EXAMPLE_RUN.map((event): RunEvent => {
    if (event.type === "check-finished") return { ...event, v: 1, verdict: "pass" };
    return event.type === "run-finished" ? { ...event, v: 1, verdict: "pass", exitCode: 0 } : { ...event, v: 1 };
  });
  expect(passed.every(isRunEvent)).toBe(true);
  const report = foldRun(passed);
  expect(report).toMatchObject({ verdict: "pass", conformant: false, headline: "10 checks: passed" });
  expect(report.notes).toContainEqual(expect.stringContaining("does not say what the run left out"));
});

test("an interrupted run is unknown, however green it was", () => {
  const stopped = scopedRun({ run: "r", verdicts: {} }).map((event) =>
    event.type === "run-finished" ? { ...event, exitCode: 130 } : event,
  );
  expect(foldRun(stopped)).toMatchObject({ verdict: "unknown", conformant: false, exitCode: 130 });
});

test("an accepted failure is reported beside the conformance that it qualifies", () => {
  const accepted = { reason: "mended in 3.2", until: "2026-06-01" };
  const events = scopedRun({ run: "r", verdicts: { "bind-a": "warn" } }).map((event) =>
    event.type === "check-finished" && event.check.id === "bind-a" ? { ...event, accepted } : event,
  );
  expect(foldRun(events)).toMatchObject({
    conformant: false,
    headline: "Conformant in osb and backup, but for 1 accepted failure",
  });
});
