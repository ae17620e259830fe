import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXAMPLE_RUN } from "./fixtures/example.ts";
import { anyRun } from "./fixtures/runs.ts";
import { reportHtml } from "./html.ts";
import { foldRun } from "./fold.ts";
import { readRun } from "./stream.ts";
import { openReports, writeReports } from "./write.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "drydock-write-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a folder gets the stream and all reports, and the report is the fold of the stream", () => {
  const { report, paths } = writeReports(join(dir, "new", "out"), EXAMPLE_RUN);
  expect(readdirSync(join(dir, "new", "out")).sort()).toEqual([
    "ctrf.json",
    "junit.xml",
    "report.html",
    "report.json",
    "report.sarif",
    "run.jsonl",
    "summary.md",
  ]);
  expect(JSON.parse(readFileSync(paths.json, "utf8"))).toEqual(JSON.parse(JSON.stringify(report)));
  expect(report).toEqual(foldRun(readRun(paths.stream).events));
});

test("a killed run leaves its own stream, and no verdicts of an earlier run", () => {
  writeReports(dir, EXAMPLE_RUN);
  const script = `
    import { openReports } from ${JSON.stringify(new URL("./write.ts", import.meta.url).href)};
    const writer = openReports(${JSON.stringify(dir)});
    for (const event of ${JSON.stringify(EXAMPLE_RUN.slice(0, 7))}) writer.record(event);
    process.kill(process.pid, "SIGKILL");
  `;
  const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  expect(signal).toBe("SIGKILL");
  expect(readdirSync(dir)).toEqual(["run.jsonl"]);
  expect(foldRun(readRun(join(dir, "run.jsonl")).events)).toMatchObject({ isComplete: false, verdict: "fail" });
});

test("a folder that can't be created is reported in one line", () => {
  const file = join(dir, "file");
  writeFileSync(file, "");
  expect(() => openReports(join(file, "out"))).toThrow(/^REPORT_CANNOT_WRITE: [^\n]*$/);
  expect(existsSync(join(file, "out"))).toBe(false);
});

test("whatever a broker answered, the page has one script of data, and the data can be read again", () => {
  fc.assert(
    fc.property(anyRun, (events) => {
      const report = foldRun(events);
      const html = reportHtml(report);
      const data = /<script type="application\/json" id="drydock-report">([^<]*)<\/script>/.exec(html)?.[1];
      expect(JSON.parse(data ?? "")).toEqual(JSON.parse(JSON.stringify(report)));
      expect(html.match(/<script/g)).toHaveLength(2);
    }),
  );
});
