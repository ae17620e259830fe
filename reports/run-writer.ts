import { closeSync, openSync, writeSync } from "node:fs";
import type { RunEvent } from "../conformance/runner/events.ts";
import { ReportError } from "./errors.ts";

/** The longest line of a run.jsonl; the writer cuts bodies of evidence until the event fits. */
export const RUN_LINE_BYTES_MAX = 4 * 1024 * 1024;

function cutTo(charsMax: number) {
  return (_key: string, value: unknown) =>
    typeof value === "string" && value.length > charsMax
      ? `${value.slice(0, charsMax)}… [${value.length - charsMax} characters cut]`
      : value;
}

/**
 * Writes one event as a line, newline included, never longer than RUN_LINE_BYTES_MAX: its longest strings are cut, and say so.
 *
 * @throws ReportError REPORT_LINE_TOO_LONG for an event that is long without a long string
 */
export function lineOf(event: RunEvent): string {
  const whole = `${JSON.stringify(event)}\n`;
  if (Buffer.byteLength(whole) <= RUN_LINE_BYTES_MAX) return whole;
  for (let charsMax = RUN_LINE_BYTES_MAX / 8; charsMax >= 256; charsMax /= 2) {
    const cut = `${JSON.stringify(event, cutTo(charsMax))}\n`;
    if (Buffer.byteLength(cut) <= RUN_LINE_BYTES_MAX) return cut;
  }
  throw new ReportError("REPORT_LINE_TOO_LONG", `event ${event.type}, ${Buffer.byteLength(whole)} bytes`);
}

/**
 * Appends events to a file, each completely and at once, so that a killed run leaves a readable stream. Truncates an existing file.
 *
 * @throws ReportError REPORT_CANNOT_WRITE
 */
export class RunWriter {
  readonly path: string;
  readonly #fd: number;

  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, "w");
    } catch (cause) {
      throw new ReportError("REPORT_CANNOT_WRITE", String(cause), { cause });
    }
  }

  /** Returns the event as it will be read from the file. */
  write(event: RunEvent): RunEvent {
    const line = lineOf(event);
    const bytes = Buffer.from(line);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (cause) {
      throw new ReportError("REPORT_CANNOT_WRITE", String(cause), { cause });
    }
    return JSON.parse(line);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
