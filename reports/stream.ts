import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { RUN_EVENT_VERSIONS, type RunEvent } from "../conformance/runner/events.ts";
import { ReportError } from "./errors.ts";
import { isRunEvent } from "./event-schema.ts";
import { RUN_LINE_BYTES_MAX } from "./run-writer.ts";

const READ_CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

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

/** The incomplete last line of a stream whose writer was killed. */
interface TornLine {
  /** Counted from 1. */
  readonly line: number;
  readonly bytes: number;
}

/** A stream that has been read. */
interface RunStream {
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
 * `torn`. Any other line that is not an event is an error. A stream begins with `run-started`.
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
