import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { RUN_EVENT_VERSIONS, type RunEvent } from "../conformance/runner/events.ts";
import { ReportError } from "./errors.ts";
import { isRunEvent } from "./event-schema.ts";

/** The longest line of a run.jsonl; the writer cuts bodies of evidence until the event fits. */
export const RUN_LINE_BYTES_MAX = 4 * 1024 * 1024;
const READ_CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

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

/** The event that a line (without its newline) holds. `where` names the line in the error. @throws ReportError */
export function parseLine(line: string, where: string): RunEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new ReportError("REPORT_BAD_LINE", `${where}: not JSON`, { cause });
  }
  const version = typeof value === "object" && value !== null && "v" in value ? value.v : undefined;
  if (version !== undefined && !RUN_EVENT_VERSIONS.some((each) => each === version)) {
    throw new ReportError("REPORT_UNKNOWN_VERSION", `${where}: version ${JSON.stringify(version)}`);
  }
  if (!isRunEvent(value))
    throw new ReportError("REPORT_BAD_LINE", `${where}: no event of version ${RUN_EVENT_VERSIONS.join(" or ")}`);
  return value;
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

  write(event: RunEvent): void {
    const bytes = Buffer.from(lineOf(event));
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (cause) {
      throw new ReportError("REPORT_CANNOT_WRITE", String(cause), { cause });
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The incomplete last line of a stream whose writer was killed. */
export interface TornLine {
  /** Counted from 1. */
  readonly line: number;
  readonly bytes: number;
}

/** A stream that has been read. */
export interface RunStream {
  readonly events: readonly RunEvent[];
  readonly torn?: TornLine;
}

/** Lines of an open file as bytes, without their newlines; the last may be `isWhole: false`. Memory holds one line. */
function* linesOf(fd: number, path: string): Generator<{ bytes: Buffer; line: number; isWhole: boolean }> {
  const chunk = Buffer.alloc(READ_CHUNK_BYTES);
  let parts: Buffer[] = [];
  let length = 0;
  let line = 1;
  const take = (part: Buffer) => {
    length += part.length;
    if (length > RUN_LINE_BYTES_MAX) throw new ReportError("REPORT_LINE_TOO_LONG", `${path}:${line}`);
    parts.push(Buffer.from(part));
  };
  for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1 && to < read; to = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, to));
      yield { bytes: Buffer.concat(parts), line, isWhole: true };
      [parts, length, from] = [[], 0, to + 1];
      line++;
    }
    take(chunk.subarray(from, read));
  }
  if (length > 0) yield { bytes: Buffer.concat(parts), line, isWhole: false };
}

function openStream(path: string): number {
  try {
    const fd = openSync(path, "r");
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch (cause) {
    throw new ReportError("REPORT_NO_STREAM", path, { cause });
  }
  throw new ReportError("REPORT_NO_STREAM", path);
}

/**
 * Reads a run.jsonl. A last line that has no newline and does not parse is the mark of a killed writer: it is left out and reported as
 * `torn`. Any other line that is no event is an error. A stream begins with `run-started`.
 *
 * @throws ReportError
 */
export function readRun(path: string): RunStream {
  const fd = openStream(path);
  const events: RunEvent[] = [];
  try {
    for (const { bytes, line, isWhole } of linesOf(fd, path)) {
      try {
        events.push(parseLine(bytes.toString("utf8"), `${path}:${line}`));
      } catch (error) {
        if (isWhole || !(error instanceof ReportError) || error.code !== "REPORT_BAD_LINE") throw error;
        return requireStart(path, { events, torn: { line, bytes: bytes.length } });
      }
    }
  } finally {
    closeSync(fd);
  }
  return requireStart(path, { events });
}

function requireStart(path: string, stream: RunStream): RunStream {
  if (stream.events[0]?.type !== "run-started") throw new ReportError("REPORT_NO_RUN", path);
  return stream;
}

function subjectOf(event: RunEvent & { type: "run-started" }): string {
  const { target, profile } = event;
  return `${target.kind === "broker" ? target.url : `scenario ${target.name}`}${profile ? `, ${profile}` : ""}`;
}

/**
 * Merges the shards of a run into one stream, one after the other. Reports made of it depend neither on the order nor on repeated shards.
 *
 * @throws ReportError REPORT_DIFFERENT_SUBJECTS when the shards had different targets or profiles
 */
export function mergeRuns(...streams: readonly (readonly RunEvent[])[]): readonly RunEvent[] {
  const events = streams.flat();
  const subjects = new Set(events.filter((event) => event.type === "run-started").map(subjectOf));
  if (subjects.size > 1) throw new ReportError("REPORT_DIFFERENT_SUBJECTS", [...subjects].sort().join(" / "));
  return events;
}
