/**
 * The run as a stream of versioned events. Every report is a replay of it, and merging shards is replaying several.
 * Secrets are redacted before an event is made; whoever reads a stream may publish it.
 */

/** The version of the wire format; a reader refuses a stream whose `v` it does not know. */
export const RUN_EVENT_VERSION = 1;

/** Ordered worst first: `fail` > `unknown` > `warn` > `pass` > `not-applicable`. Unknown outranks pass. */
export type Verdict = "fail" | "unknown" | "warn" | "pass" | "not-applicable";
export type Level = "MUST" | "SHOULD" | "MAY";
export type SuiteName = "osb" | "backup" | "isolation";

/**
 * One exchange that led to a verdict, secrets redacted: over HTTP with the broker, or (method `SQL`, the statement as body) with
 * a data service behind it. `curl` is the line that reproduces it, for a data service one of psql.
 */
export interface Exchange {
  readonly curl: string;
  /** True when it accuses nobody, but made what the exchanges after it are about. */
  readonly setup?: boolean;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly response?: {
    /** Of HTTP; a data service answers without one. */
    readonly status?: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly elapsedMs: number;
  };
  /** Why there is no response: connection refused, timed out … */
  readonly error?: string;
}

/** What a report must know of a check to show its verdict without the suite at hand. */
export interface CheckInfo {
  readonly id: string;
  readonly suite: SuiteName;
  readonly title: string;
  readonly level: Level;
  /** Ids of the clauses (OSB), or of the requirement (BK-…, IS-…), that the check judges. */
  readonly clauses: readonly string[];
  /** Heading of the specification that the clauses stand under. */
  readonly section: string;
  /** The requirement in words. */
  readonly requirement: string;
}

export interface LeftBehind {
  readonly kind: "instance" | "binding" | "backup";
  readonly id: string;
  /** The line that removes it. */
  readonly curl: string;
}

export type RunEvent =
  | {
      readonly v: 1;
      readonly type: "run-started";
      /** ISO 8601, UTC. */
      readonly at: string;
      readonly run: string;
      readonly tool: { readonly name: string; readonly version: string };
      /** The line that runs it again. */
      readonly command: string;
      readonly target:
        | { readonly kind: "broker"; readonly url: string }
        | { readonly kind: "scenario"; readonly name: string };
      readonly profile?: string;
      /** Number of checks or seeds planned. */
      readonly planned: number;
    }
  | { readonly v: 1; readonly type: "check-started"; readonly check: string }
  | {
      readonly v: 1;
      readonly type: "check-finished";
      readonly check: CheckInfo;
      readonly verdict: Verdict;
      /** Why not applicable or unknown; what was wrong. One line. */
      readonly reason?: string;
      readonly expected?: string;
      readonly seen?: string;
      /** Set on a failure that a baseline accepts to the end of a day (UTC): its verdict is a warning. */
      readonly accepted?: { readonly reason: string; readonly until: string };
      readonly durationMs: number;
      readonly evidence: readonly Exchange[];
    }
  | {
      readonly v: 1;
      readonly type: "seed-finished";
      readonly scenario: string;
      readonly seed: number;
      readonly verdict: "pass" | "fail" | "unknown";
      readonly digest: string;
      /** Commands executed. */
      readonly steps: number;
      readonly reason?: string;
      /** The shrunk sequence, one line a step, and the line that replays it. */
      readonly counterexample?: { readonly steps: readonly string[]; readonly replay: string };
      readonly durationMs: number;
    }
  | { readonly v: 1; readonly type: "left-behind"; readonly items: readonly LeftBehind[] }
  | { readonly v: 1; readonly type: "note"; readonly text: string }
  | {
      readonly v: 1;
      readonly type: "run-finished";
      readonly at: string;
      readonly verdict: Verdict;
      readonly counts: Readonly<Record<Verdict, number>>;
      readonly exitCode: number;
    };
