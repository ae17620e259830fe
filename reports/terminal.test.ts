import fc from "fast-check";
import { expect, test } from "vitest";
import { RUN_EVENT_VERSION, type RunEvent } from "../conformance/runner/events.ts";
import { duration } from "./duration.ts";
import { EXAMPLE_RUN, EXAMPLE_SCENARIO, exchangeOf } from "./fixtures/example.ts";
import { anyRun, anyText } from "./fixtures/runs.ts";
import { liveReporter, NO_PROGRESS, statusLine } from "./progress.ts";
import { foldRun } from "./fold.ts";
import { countVerdicts } from "./report.ts";
import { summaryLines } from "./summary.ts";
import { bar, noPaint, paintFor, plain } from "./terminal.ts";
import { timelineLines } from "./timeline.ts";

/** A terminal or a pipe that remembers what it was sent. */
function fakeOut(isTTY: boolean) {
  const sent: string[] = [];
  return { isTTY, columns: 80, write: (text: string) => void sent.push(text), text: () => sent.join("") };
}

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

test("no answer of a broker can move the cursor or add a line", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(plain(text)).not.toMatch(CONTROL);
      expect(plain(text)).not.toContain("\n");
    }),
  );
});

test("plain output of any run has lines only: no control characters, no redrawing", () => {
  fc.assert(
    fc.property(anyRun, (events) => {
      const out = fakeOut(false);
      const live = liveReporter(out, noPaint);
      for (const event of events) live.show(event);
      live.end();
      expect(out.text()).not.toMatch(CONTROL);
      expect(summaryLines(foldRun(events)).join("\n")).not.toMatch(CONTROL);
    }),
  );
});

test("a terminal gets one line that is redrawn, and removed at the end", () => {
  const out = fakeOut(true);
  const live = liveReporter(out, noPaint);
  for (const event of EXAMPLE_RUN) live.show(event);
  live.end();
  expect(out.text()).toContain("3/10 · 2 failed");
  expect(out.text().endsWith("\r\u001b[2K")).toBe(true);
});

test("the redrawn line is never wider than the terminal", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1 })),
      fc.nat(9_999),
      fc.integer({ min: 10, max: 200 }),
      (running, done, columns) => {
        const progress = { ...NO_PROGRESS, planned: 9_999, done, running };
        expect(Array.from(statusLine(progress, columns, noPaint)).length).toBeLessThanOrEqual(columns);
      },
    ),
  );
});

test("a log shows the progress at most every tenth", () => {
  const out = fakeOut(false);
  const live = liveReporter(out, noPaint);
  const [started] = EXAMPLE_SCENARIO;
  if (started?.type === "run-started") live.show({ ...started, planned: 1_000 });
  for (let seed = 0; seed < 1_000; seed++) {
    live.show({
      v: 1,
      type: "seed-finished",
      scenario: "s",
      seed,
      verdict: "pass",
      digest: "",
      steps: 1,
      durationMs: 1,
    });
  }
  expect(
    out
      .text()
      .split("\n")
      .filter((line) => line.includes(" of 1000")),
  ).toHaveLength(10);
});

test("colour is for terminals, and NO_COLOR and FORCE_COLOR are obeyed", () => {
  const paints = (isTTY: boolean, env: NodeJS.ProcessEnv) => paintFor(fakeOut(isTTY), env)("red", "x") !== "x";
  expect(paints(true, {})).toBe(true);
  expect(paints(false, {})).toBe(false);
  expect(paints(true, { NO_COLOR: "1" })).toBe(false);
  expect(paints(true, { NO_COLOR: "" })).toBe(true);
  expect(paints(true, { TERM: "dumb" })).toBe(false);
  expect(paints(false, { FORCE_COLOR: "1" })).toBe(true);
  expect(paints(true, { FORCE_COLOR: "0" })).toBe(false);
});

test("a bar has its width, and no verdict that occurs is rounded away", () => {
  const count = fc.oneof(fc.constant(0), fc.nat(5), fc.nat(10_000));
  fc.assert(
    fc.property(
      fc.record({ fail: count, unknown: count, warn: count, pass: count, "not-applicable": count }),
      (counts) => {
        const drawn: string[] = [];
        const whole = bar(counts, 24, (_style, text) => {
          drawn.push(text);
          return text;
        });
        const occurring = Object.values(counts).filter((each) => each > 0).length;
        expect(drawn.filter((text) => text !== "")).toHaveLength(occurring);
        expect(whole).toHaveLength(occurring === 0 ? 0 : 24);
      },
    ),
  );
});

test("the summary has the causes first, each level under its heading, in a line or two", () => {
  const text = summaryLines(foldRun(EXAMPLE_RUN), { reportPath: "out/report.html" }).join("\n");
  expect(text).toMatch(/^\n {2}4 causes, 4 findings\n\n {2}MUST\n/);
  expect(text).toMatch(
    /✗ The same instance with other parameters is a conflict {2}provision-conflict-409\n +expected 409 Conflict, seen 200 OK with an empty object\n/,
  );
  expect(text).not.toContain("service_instances/made-before");
  expect(text).toMatch(/osb +█+░+ +1 passed · 2 failed · 1 unknown · 1 warned · 1 not applicable/);
  expect(text).toContain("✗ Not conformant  http://127.0.0.1:3000 · osb-2.17 in 9.4 s");
  expect(text.indexOf("1 left behind at the broker")).toBeGreaterThan(text.indexOf("Not determined"));
  expect(text).toContain("report  out/report.html");
});

test("what went wrong beside the checks is listed under the findings, cut to a line", () => {
  const text = `a defect of drydock itself, in lifecycle small: ${"deep ".repeat(100)}`;
  const note = { v: RUN_EVENT_VERSION, type: "note", text } as const;
  const run = EXAMPLE_RUN.flatMap((event): RunEvent[] => (event.type === "run-started" ? [event, note] : [event]));
  const lines = summaryLines(foldRun(run));
  const at = lines.findIndex((line) => line.includes("note  a defect of drydock itself, in lifecycle small"));
  expect(at).toBeGreaterThan(lines.findIndex((line) => line.includes("causes,")));
  expect(lines[at]?.length).toBeLessThan(220);
});

test("a finding names what follows from it, which has no line of its own", () => {
  const run = EXAMPLE_RUN.map((event) =>
    event.type === "check-finished" && event.check.id === "unbind-gone-410"
      ? { ...event, verdict: "unknown" as const, followsFrom: "provision-conflict-409" }
      : event,
  );
  const text = summaryLines(foldRun(run)).join("\n");
  expect(text).toContain("3 causes, 4 findings");
  expect(text).toMatch(/conflict {2}provision-conflict-409\n.*\n +follow +unbind-gone-410\n/);
  expect(text).not.toContain("A binding that is gone is answered with 410");
});

test("evidence is shown when asked for: clause, expectation, and the lines that repeat it in order", () => {
  const setup = { ...exchangeOf("PUT", "/v2/service_instances/made-before", 202, { operation: "op 1" }), setup: true };
  const run = EXAMPLE_RUN.map((event) =>
    event.type === "check-finished" && event.check.id === "provision-conflict-409"
      ? { ...event, evidence: [setup, ...event.evidence] }
      : event,
  );
  const text = summaryLines(foldRun(run), { evidence: true }).join("\n");
  expect(text).toMatch(/clause +provision-conflict-409 Provisioning\n +requires +When the instance exists already/);
  expect(text).toMatch(
    /curl .*made-before'\n +# wait until GET .*made-before\/last_operation\?operation=op\+1 no longer says "in progress"\n +curl (?!.*made-before)/,
  );
  expect(text).toMatch(/for the curl lines: +export DRYDOCK_AUTHORIZATION=/);
  expect(summaryLines(foldRun(run)).join("\n")).toContain("--evidence, or --out DIR");
});

test("a counterexample is printed step by step with the line that replays it", () => {
  const text = summaryLines(foldRun(EXAMPLE_SCENARIO)).join("\n");
  expect(text).toMatch(/1\. tenant a: provision i1 \(small\)\n +2\. fault:.*\n +3\. heal\n +replay +drydock replay/);
});

test("findings beyond the limit are counted, and a run that broke off says so", () => {
  const cutOff = EXAMPLE_RUN.slice(0, -2);
  const text = summaryLines(foldRun(cutOff), { findingsMax: 1 }).join("\n");
  expect(text).toContain("and 3 more, all in the report");
  expect(text).toContain("Did not finish");
});

test("a story names the same actor once in a row", () => {
  const lines = timelineLines([
    { atMs: 0, who: "operator", text: "creates a VM" },
    { atMs: 41_000, who: "nova", text: "BUILD" },
    { atMs: 3_661_000, who: "nova", text: "ACTIVE" },
  ]);
  expect(lines).toEqual([
    "  00:00:00 operator ● creates a VM",
    "  00:00:41     nova ● BUILD",
    "  01:01:01          │ ACTIVE",
  ]);
});

test.each([
  [999, "999 ms"],
  [9_400, "9.4 s"],
  [61_000, "1 min 1 s"],
  [7_260_000, "2 h 1 min"],
])("%d ms is %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("without any counts there is no bar", () => {
  expect(bar(countVerdicts([]), 24, noPaint)).toBe("");
});

test("of many left-behind things the summary shows a few if there is a report, and all if there is none", () => {
  const report = foldRun(EXAMPLE_RUN);
  const [item] = report.leftBehind;
  if (item === undefined) throw new Error("the example leaves nothing behind");
  const leftBehind = Array.from({ length: 60 }, (_, at) => ({ ...item, curl: `curl -X DELETE /${at}` }));
  const countOf = (lines: readonly string[]): number =>
    lines.filter((line) => line.includes("curl -X DELETE /")).length;
  expect(countOf(summaryLines({ ...report, leftBehind }))).toBe(60);
  const short = summaryLines({ ...report, leftBehind }, { reportPath: "report.html" });
  expect(countOf(short)).toBe(5);
  expect(short.join("\n")).toContain("60 left behind at the broker; remove with:");
  expect(short.join("\n")).toContain("… and 55 more, in the report");
});
