import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/*
 * The format of the recordings of a real director (docs/parity/recordings): one scenario a line, each on an empty database.
 * `fixtures/` beside the recordings holds the inputs.
 */

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly area: string;
  /** Absent: basic authentication and the settings of the reference director. */
  readonly director_mode?: string;
  /** `upload-release F`, `deploy F`, …: their tasks run to the end before the first step. */
  readonly setup: readonly string[];
  readonly steps: readonly RecordedStep[];
}

/** A request of a recording. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  /** A user's name, `none`, `bad`; absent: admin. */
  readonly auth?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string;
  readonly body_ref?: string;
  /** Claims to sign; `exp` is relative to now; null sends no header. */
  readonly jwt?: Readonly<Record<string, unknown>> | null;
  readonly jwt_note?: string;
}

/** A request and what the real director answered. */
export interface RequestStep {
  readonly request: RecordedRequest;
  readonly reply: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
  /** Seconds after the previous step, with the task in question in progress. */
  readonly after_s?: number;
  readonly mask?: readonly string[];
}

/** A task that is followed to its end. */
export interface TaskStep {
  readonly task: {
    readonly id: number;
    readonly final: Readonly<Record<string, unknown>>;
    readonly event_lines: readonly Readonly<Record<string, unknown>>[];
    readonly result: readonly unknown[];
  };
  readonly mask?: readonly string[];
}

/** A run of the real CLI, with the requests that it sent. */
export interface CliStep {
  readonly cli: {
    readonly argv: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly exit: number;
    /** `METHOD path status`; polls of one task count once. */
    readonly wire: readonly string[];
  };
}

interface NoteStep {
  readonly note: string;
}

/** One step of a scenario. */
export type RecordedStep = RequestStep | TaskStep | CliStep | NoteStep;

/** The recordings of a director in a directory: as the project was handed them, or as the repository keeps them. @throws Error */
export function recordingsIn(directory: string): readonly string[] {
  const found = FILES.map((names) => names.map((name) => join(directory, name)).find((file) => existsSync(file)));
  const files = found.filter((file) => file !== undefined);
  if (files.length === 0) throw new Error(`no recordings of a director in ${directory}`);
  return files;
}

/** The names of each batch of recordings. */
const FILES: readonly (readonly string[])[] = [
  ["recordings.jsonl", "bosh/recordings.jsonl", "bosh-283.jsonl.gz"],
  ["recordings-2.jsonl", "bosh/recordings-2.jsonl", "bosh-283-2.jsonl.gz"],
];

/** An input beside the recordings; `name` may begin with `fixtures/`. Those of the second batch lie in `fixtures2`. */
export function fixtureOf(recordings: string, name: string): Buffer {
  const own = name.replace(/^fixtures\//, "");
  const places = [join("fixtures", own), own].map((each) => join(dirname(recordings), each));
  return readFileSync(places.find((file) => existsSync(file)) ?? places[0] ?? own);
}
