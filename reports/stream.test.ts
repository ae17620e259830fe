import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunEvent } from "../conformance/runner/events.ts";
import { anyRun } from "./fixtures/runs.ts";
import { mergeRuns } from "./merge.ts";
import { lineOf, RUN_LINE_BYTES_MAX, RunWriter } from "./run-writer.ts";
import { parseLine, readRun } from "./stream.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "drydock-stream-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

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

function write(...events: readonly RunEvent[]): string {
  const writer = new RunWriter(join(dir, "run.jsonl"));
  for (const event of events) writer.write(event);
  writer.close();
  return writer.path;
}

test("what is written can be read back, event for event", () => {
  fc.assert(
    fc.property(anyRun, (events) => {
      expect(readRun(write(...events)).events).toEqual(JSON.parse(JSON.stringify(events)));
    }),
    { numRuns: 50 },
  );
});

test("a stream cut off anywhere after its first line can be read, and the torn line is reported", () => {
  const path = write(started, { v: 1, type: "note", text: "grüße, 漢字" }, { v: 1, type: "check-started", check: "a" });
  const whole = readFileSync(path);
  const first = whole.indexOf(0x0a) + 1;
  for (let cut = first; cut < whole.length - 1; cut++) {
    writeFileSync(path, whole.subarray(0, cut));
    const { events, torn } = readRun(path);
    const lines = whole.subarray(0, cut).toString("utf8").split("\n");
    const isTorn = lines.at(-1) !== "" && events.length < lines.length;
    expect(torn !== undefined).toBe(isTorn);
    expect(events.length).toBe(lines.length - 1 + (lines.at(-1) !== "" && !isTorn ? 1 : 0));
  }
});

test("a line in the middle that is not an event is refused, with its place", () => {
  const path = write(started);
  appendFileSync(path, "half a li\n");
  appendFileSync(path, lineOf({ v: 1, type: "note", text: "x" }));
  expect(() => readRun(path)).toThrow(/REPORT_BAD_LINE.*run\.jsonl:2/);
});

test.each([
  ["another version", '{"v":3,"type":"note","text":"x"}', "REPORT_UNKNOWN_VERSION"],
  ["no version", '{"type":"note","text":"x"}', "REPORT_BAD_LINE"],
  ["an unknown type", '{"v":1,"type":"sing"}', "REPORT_BAD_LINE"],
  ["a missing member", '{"v":1,"type":"note"}', "REPORT_BAD_LINE"],
  [
    "an unknown verdict",
    '{"v":1,"type":"run-finished","at":"","verdict":"good","counts":{},"exitCode":0}',
    "REPORT_BAD_LINE",
  ],
  ["no JSON", "<html>", "REPORT_BAD_LINE"],
])("a line with %s is refused", (_what, line, code) => {
  expect(() => parseLine(line, "x:1")).toThrow(code);
});

test("an unknown version is refused even on a torn last line", () => {
  const path = write(started);
  appendFileSync(path, '{"v":3}');
  expect(() => readRun(path)).toThrow("REPORT_UNKNOWN_VERSION");
});

test("an event longer than a line may be is cut, and says so", () => {
  const line = lineOf({ v: 1, type: "note", text: "ü".repeat(RUN_LINE_BYTES_MAX) });
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(RUN_LINE_BYTES_MAX);
  expect(parseLine(line, "x")).toMatchObject({ text: expect.stringContaining("characters cut]") });
});

test("a line over the limit is refused before it is read completely", () => {
  const path = write(started);
  appendFileSync(path, "x".repeat(RUN_LINE_BYTES_MAX + 1));
  expect(() => readRun(path)).toThrow("REPORT_LINE_TOO_LONG");
});

test("an empty file, a missing one, a folder and a stream without a beginning are distinguished", () => {
  const path = join(dir, "empty");
  writeFileSync(path, "");
  expect(() => readRun(path)).toThrow("REPORT_NO_RUN");
  writeFileSync(path, lineOf({ v: 1, type: "note", text: "x" }));
  expect(() => readRun(path)).toThrow("REPORT_NO_RUN");
  expect(() => readRun(join(dir, "none"))).toThrow("REPORT_NO_STREAM");
  expect(() => readRun(dir)).toThrow("REPORT_NO_STREAM");
});

test("runs against different targets are not merged", () => {
  const other: RunEvent = { ...started, target: { kind: "scenario", name: "backup" } };
  expect(() => mergeRuns([started], [other])).toThrow("REPORT_DIFFERENT_SUBJECTS");
  expect(mergeRuns([started], [started])).toHaveLength(2);
});
