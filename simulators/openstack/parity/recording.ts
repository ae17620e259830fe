import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/*
 * The format of the recordings of the real services: one scenario a line (docs/parity/recordings). Every scenario has two
 * fresh projects A and B, each with a member and a reader, and the administrator.
 */

export interface RecordedScenario {
  readonly id: string;
  readonly service: string;
  readonly title: string;
  readonly steps: readonly RecordedStep[];
}

/** The request of a step, and the values that it saves from the reply. */
export interface RecordedRequest {
  /** `A`, `A-reader`, `B`, `B-reader`, `admin`, `none`, `badtoken`, or `{{name}}` of a saved token. */
  readonly as: string;
  readonly service: string;
  readonly path: string;
  /** Relative to the endpoint without its version. */
  readonly root?: boolean;
  /** Whose endpoints. */
  readonly at?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: unknown;
  readonly raw?: string;
  readonly fill?: readonly [string, number];
  readonly save?: Readonly<Record<string, string>>;
}

/**
 * One request with the reply of the real service. `mask`, `unordered` and `optional` are paths into the body whose values, order or presence may
 * differ.
 */
export interface RecordedExchange extends RecordedRequest {
  readonly method: string;
  readonly reply: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string | null>>;
    readonly body?: unknown;
  };
  readonly mask?: readonly string[];
  readonly unordered?: readonly string[];
  readonly optional?: readonly string[];
}

/** A request that was repeated until the reply met a condition, with the states seen on the way. */
export interface RecordedPoll {
  readonly poll: RecordedRequest & {
    readonly until: {
      readonly path?: string;
      readonly in?: readonly unknown[];
      readonly not?: readonly unknown[];
      readonly status?: readonly number[];
    };
    readonly max_s?: number;
    readonly every_ms?: number;
  };
  readonly states_seen: readonly unknown[];
  readonly allowed?: readonly unknown[];
  readonly final?: readonly unknown[];
}

interface RecordedSleep {
  readonly sleep_ms: number;
}

/** One step of a scenario. */
export type RecordedStep = RecordedExchange | RecordedPoll | RecordedSleep;

/**
 * The recordings of OpenStack in a directory, whether it is the one of all recorded systems or OpenStack's own, as the project
 * was handed them or as the repository keeps them. @throws Error when there are none
 */
export function recordingsIn(directory: string): readonly string[] {
  const own = join(directory, "openstack");
  const folder = existsSync(own) ? own : directory;
  const names = readdirSync(folder).filter(
    (name) => /^(recordings|openstack).*\.jsonl(\.gz)?$/.test(name) && !name.includes("sockets"),
  );
  if (names.length === 0) throw new Error(`no recordings of OpenStack in ${directory}`);
  return names.sort().map((name) => join(folder, name));
}
