/** Reports: one event stream in, many reports out. */
export { ctrf } from "./ctrf.ts";
export { duration } from "./duration.ts";
export { REPORT_ERRORS, ReportError, type ReportErrorCode } from "./errors.ts";
export { githubAnnotations } from "./github.ts";
export { reportHtml } from "./html.ts";
export { junitXml } from "./junit.ts";
export { type LiveReporter, liveReporter } from "./progress.ts";
export { foldRun } from "./fold.ts";
export { type CheckReport, type Report, type ScenarioReport, type SeedReport, statement } from "./report.ts";
export { sarif } from "./sarif.ts";
export { mergeRuns } from "./merge.ts";
export { RunWriter } from "./run-writer.ts";
export { summaryMarkdown } from "./markdown.ts";
export { type SummaryOptions, summaryLines } from "./summary.ts";
export { noPaint, type Out, type Paint, paintFor, plain } from "./terminal.ts";
export { type Moment, timeline, timelineLines } from "./timeline.ts";
export { openReports, type ReportPaths, type ReportWriter, type WrittenReports, writeReports } from "./write.ts";
