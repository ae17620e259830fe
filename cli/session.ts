import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { RunEvent } from "../conformance/index.ts";
import {
  foldRun,
  githubAnnotations,
  liveReporter,
  openReports,
  paintFor,
  plain,
  type Report,
  statement,
  summaryLines,
  summaryMarkdown,
  type WrittenReports,
} from "../reports/index.ts";
import { removeCertificate } from "../reports/certificate/files.ts";
import { catchSignals } from "./signals.ts";
import { UserError } from "./errors.ts";

/** How a run is shown, and where it is stored. */
interface SessionOptions {
  /** Folder for run.jsonl and the reports made of it. */
  readonly out?: string | undefined;
  /** Print the event stream, one line an event, and nothing else. */
  readonly json?: boolean | undefined;
  /** Show the lines that repeat each finding. Default false. */
  readonly evidence?: boolean | undefined;
  /** Show no progress, and one line for the result. Default: false. */
  readonly quiet?: boolean | undefined;
}

/** Takes the events of one run: shows and stores them as they come, and prints the result at the end. */
export interface Session {
  readonly emit: (event: RunEvent) => void;
  /** Shows a line that is not part of the reports. */
  readonly say: (line: string) => void;
  /** Writes the reports, prints the summary, and returns what was written. Call it also for a run that broke off. */
  readonly finish: () => WrittenReports | undefined;
}

/** Opens a session. @throws ReportError REPORT_CANNOT_WRITE */
export function openSession(options: SessionOptions): Session {
  const writer = options.out === undefined ? undefined : openReports(options.out);
  if (options.out !== undefined) removeCertificate(options.out);
  const live = options.json === true || options.quiet === true ? undefined : liveReporter(process.stderr);
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => {
    events.push(event);
    writer?.record(event);
    live?.show(event);
    if (options.json === true) process.stdout.write(`${JSON.stringify(event)}\n`);
  };
  const say = (line: string): void => live?.say(line);
  const finish = (): WrittenReports | undefined => {
    live?.end();
    // A run that never began has no verdict.
    if (events.length === 0) return undefined;
    const written = writer?.finish();
    if (options.json === true) return written;
    const report = written?.report ?? foldRun(events);
    if (options.quiet === true) {
      process.stdout.write(`${plain(statement(report))}\n`);
      return written;
    }
    const reportPath = written && { reportPath: written.paths.html };
    const lines = summaryLines(report, {
      paint: paintFor(process.stdout),
      evidence: options.evidence === true,
      ...reportPath,
    });
    process.stdout.write(`${lines.join("\n")}\n`);
    if (process.env["GITHUB_ACTIONS"] === "true") reportToGithub(report);
    return written;
  };
  return { emit, say, finish };
}

/** Prints annotations, and writes the summary of the step. */
function reportToGithub(report: Report): void {
  process.stdout.write(`${githubAnnotations(report).join("\n")}\n`);
  const path = process.env["GITHUB_STEP_SUMMARY"];
  if (path === undefined || path === "") return;
  try {
    appendFileSync(path, `${summaryMarkdown(report)}\n`);
  } catch (error) {
    throw new UserError(
      "CLI_CAN_NOT_WRITE",
      `GITHUB_STEP_SUMMARY: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/**
 * Runs work that Ctrl-C asks to stop and clean up. So does an unhandled rejection: whatever was created is removed before it is thrown, and its
 * text is shown without its objects, which may hold secrets.
 */
export async function runInterruptibly<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopping = new AbortController();
  void catchSignals().first.then(() => {
    process.stderr.write("\ndrydock: stopping and cleaning up; Ctrl-C again to leave at once\n");
    stopping.abort();
  });
  const strays: unknown[] = [];
  const onStray = (error: unknown): void => {
    strays.push(error);
    stopping.abort();
  };
  process.on("unhandledRejection", onStray);
  try {
    const result = await work(stopping.signal);
    if (strays.length > 0) throw strays[0];
    return result;
  } finally {
    process.off("unhandledRejection", onStray);
  }
}

/** The text of the file that the user named, by default of `usual` if that exists; otherwise `undefined`. @throws UserError CLI_NO_FILE */
export function readNamedFile(named: string | undefined, usual?: string): string | undefined {
  const path = named ?? (usual !== undefined && existsSync(usual) ? usual : undefined);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError("CLI_NO_FILE", `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
