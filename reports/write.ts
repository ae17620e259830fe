import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "../conformance/runner/events.ts";
import { ctrf } from "./ctrf.ts";
import { ReportError } from "./errors.ts";
import { reportHtml } from "./html.ts";
import { junitXml } from "./junit.ts";
import { summaryMarkdown } from "./markdown.ts";
import { foldRun } from "./fold.ts";
import type { Report } from "./report.ts";
import { type EventLines, eventLinesOf, sarif } from "./sarif.ts";
import { RunWriter } from "./run-writer.ts";

/** The files that `--out DIR` receives besides the stream, each made from the report alone. */
const FILES = {
  json: ["report.json", (report: Report) => `${JSON.stringify(report, null, 2)}\n`],
  html: ["report.html", reportHtml],
  summary: ["summary.md", summaryMarkdown],
  junit: ["junit.xml", junitXml],
  sarif: ["report.sarif", (report: Report, lines: EventLines) => `${JSON.stringify(sarif(report, lines), null, 2)}\n`],
  ctrf: ["ctrf.json", (report: Report) => `${JSON.stringify(ctrf(report), null, 2)}\n`],
} as const;

const STREAM = "run.jsonl";

/** Where each file lies. */
export type ReportPaths = Readonly<Record<keyof typeof FILES | "stream", string>>;

function pathsIn(dir: string): ReportPaths {
  const { json, html, summary, junit, sarif: sarifFile, ctrf: ctrfFile } = FILES;
  return {
    stream: join(dir, STREAM),
    json: join(dir, json[0]),
    html: join(dir, html[0]),
    summary: join(dir, summary[0]),
    junit: join(dir, junit[0]),
    sarif: join(dir, sarifFile[0]),
    ctrf: join(dir, ctrfFile[0]),
  };
}

/** Writes another file and renames it, so that a reader sees the old file or the new one, never half of it. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

function orCannotWrite<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ReportError) throw cause;
    throw new ReportError("REPORT_CANNOT_WRITE", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function writeFiles(report: Report, lines: EventLines, paths: ReportPaths): void {
  orCannotWrite(() => {
    for (const [name, [, render]] of Object.entries(FILES)) {
      replaceFile(paths[name as keyof typeof FILES], render(report, lines));
    }
  });
}

/** The report of a run, and the paths of its files. */
export interface WrittenReports {
  readonly report: Report;
  readonly paths: ReportPaths;
}

/** Takes the events of one run and makes its files. */
export interface ReportWriter {
  /** Hand it each event as it happens; the event is in run.jsonl when this returns. */
  readonly record: (event: RunEvent) => void;
  /** Writes all the files from what was recorded. Call it even for a run that broke off. */
  readonly finish: () => WrittenReports;
}

/**
 * Opens `dir` (created if missing) for a run: events are written to run.jsonl as they happen, and the reports of an earlier run are
 * removed, so that a killed run leaves its own stream and no other verdict.
 *
 * @throws ReportError REPORT_CANNOT_WRITE
 */
export function openReports(dir: string): ReportWriter {
  const paths = pathsIn(dir);
  const writer = orCannotWrite(() => {
    mkdirSync(dir, { recursive: true });
    for (const path of Object.values(paths)) rmSync(path, { force: true });
    return new RunWriter(paths.stream);
  });
  const events: RunEvent[] = [];
  return {
    record: (event) => void events.push(writer.write(event)),
    finish: () => {
      writer.close();
      const report = foldRun(events);
      writeFiles(report, eventLinesOf(events), paths);
      return { report, paths };
    },
  };
}

/** Writes the stream and all reports of given events. @throws ReportError */
export function writeReports(dir: string, events: Iterable<RunEvent>): WrittenReports {
  const writer = openReports(dir);
  for (const event of events) writer.record(event);
  return writer.finish();
}
