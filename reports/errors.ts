/** The errors of reports, each with its remedy. The user can fix all of them; they end with exit code 2. */
export const REPORT_ERRORS = {
  REPORT_NO_STREAM: "there is no event stream here; give a run.jsonl, or the folder that holds one",
  REPORT_UNKNOWN_VERSION: "the stream has a version that this drydock does not know; use the drydock that wrote it",
  REPORT_BAD_LINE: "the line is not an event of a run; the file was changed or is not a run.jsonl",
  REPORT_LINE_TOO_LONG: "the line is longer than is read; the file is not a run.jsonl",
  REPORT_NO_RUN: "the stream does not begin with the start of a run; give the whole file",
  REPORT_DIFFERENT_SUBJECTS: "runs against different targets or profiles can't be merged; make a report of each",
  REPORT_CANNOT_WRITE: "the report cannot be written; choose another folder (--out DIR)",
} as const;

/** A code of `REPORT_ERRORS`. */
export type ReportErrorCode = keyof typeof REPORT_ERRORS;

/** An error that the user can fix. `message` is one line: the code, what to do, and where it was seen. */
export class ReportError extends Error {
  readonly code: ReportErrorCode;
  readonly exitCode = 2;

  constructor(code: ReportErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${REPORT_ERRORS[code]} (${detail.replaceAll(/\s+/g, " ").slice(0, 300)})`, options);
    this.name = "ReportError";
    this.code = code;
  }
}
