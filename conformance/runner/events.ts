/**
 * The run as a stream of versioned events. Every report is a replay of it, and merging shards is replaying several.
 * Secrets are redacted before an event is made; whoever reads a stream may publish it.
 */

import type { Exchange } from "../client/http/exchange.ts";
import type { LeftBehind } from "../client/ledger.ts";

export type { Exchange, LeftBehind };

/** A version of the wire format. Version 2 tells what a run left out; version 1 did not. */
export type RunEventVersion = 1 | 2;
/** The versions that are read; a reader refuses a stream whose `v` it does not know. */
export const RUN_EVENT_VERSIONS: readonly RunEventVersion[] = [1, 2];
/** The version that is written. */
export const RUN_EVENT_VERSION = 2;

/** Ordered worst first: `fail` > `unknown` > `warn` > `pass` > `not-applicable`. Unknown outranks pass. */
export type Verdict = "fail" | "unknown" | "warn" | "pass" | "not-applicable";
/** The verdicts in that order. */
export const VERDICTS_WORST_FIRST: readonly Verdict[] = ["fail", "unknown", "warn", "pass", "not-applicable"];
/** How binding a requirement is, in the words of RFC 2119. */
export type Level = "MUST" | "SHOULD" | "MAY";
/** How much harm a violation does; only in the suites `backup` and `isolation`. */
export type Severity = "critical" | "high" | "medium" | "low";
/** The suites by name. */
export type SuiteName = "osb" | "backup" | "isolation";
/** The suites by name, in the order in which reports list them. */
export const SUITE_NAMES: readonly SuiteName[] = ["osb", "backup", "isolation"];

/** What a report must know of a check to show its verdict without the suite at hand. */
export interface CheckInfo {
  readonly id: string;
  readonly suite: SuiteName;
  readonly title: string;
  readonly level: Level;
  /** Of checks that are not about clauses of the OSB API. */
  readonly severity?: Severity;
  /** Ids of the clauses (OSB), or of the requirement (BK-…, IS-…), that the check judges. */
  readonly clauses: readonly string[];
  /** Heading of the specification that the clauses stand under. */
  readonly section: string;
  /** The requirement in words. */
  readonly requirement: string;
}

/** One suite that was asked for. */
export interface SuiteScope {
  readonly suite: SuiteName;
  /** Ids of all checks that the suite has. */
  readonly checks: readonly string[];
  /** Ids of those that the run was not to hold, by what `narrowedBy` names. */
  readonly leftOut: readonly string[];
  /** Ids of the checks of which at least one must be exercised for the suite to count as exercised. Absent: any of its checks. */
  readonly subject?: readonly string[];
}

/** An option that made a run less than its suites are. */
export interface Narrowing {
  /** The option, as a flag of the command line without its dashes; `suites`: the caller handed over less than the whole suite. */
  readonly by: "only" | "service" | "plan" | "max-instances" | "suites";
  /** What it was set to. */
  readonly to: string;
}

/** What a run was asked to be. Only a run that leaves nothing out can show a broker conformant. */
export interface RunScope {
  readonly suites: readonly SuiteScope[];
  readonly narrowedBy: readonly Narrowing[];
}

/** What a run judges. */
export interface Judged {
  /** The plans under test, by name. */
  readonly plans: readonly { readonly service: string; readonly plan: string }[];
  /** Against which version of the API it is judged, and why. One line. */
  readonly version: string;
}

/** One event of a run. Each stream begins with `run-started` and ends with `run-finished`. */
export type RunEvent =
  | {
      readonly v: RunEventVersion;
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
      /** Of a run against a broker: what is judged, against which version, and why. */
      readonly judged?: Judged;
      /** Number of checks or seeds planned. */
      readonly planned: number;
      /** Of a run of suites, since version 2. A stream without it does not tell what was left out. */
      readonly scope?: RunScope;
    }
  | { readonly v: RunEventVersion; readonly type: "check-started"; readonly check: string }
  | {
      readonly v: RunEventVersion;
      readonly type: "check-finished";
      readonly check: CheckInfo;
      readonly verdict: Verdict;
      /** Why not applicable or unknown; what was wrong. One line. */
      readonly reason?: string;
      readonly expected?: string;
      readonly seen?: string;
      /** Id of the check that judges the fault from which this outcome follows. */
      readonly followsFrom?: string;
      /** Set on a failure that a baseline accepts to the end of a day (UTC): its verdict is a warning. */
      readonly accepted?: { readonly reason: string; readonly until: string };
      readonly durationMs: number;
      readonly evidence: readonly Exchange[];
    }
  | {
      readonly v: RunEventVersion;
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
  | { readonly v: RunEventVersion; readonly type: "left-behind"; readonly items: readonly LeftBehind[] }
  | { readonly v: RunEventVersion; readonly type: "note"; readonly text: string }
  | {
      readonly v: RunEventVersion;
      readonly type: "run-finished";
      readonly at: string;
      readonly verdict: Verdict;
      readonly counts: Readonly<Record<Verdict, number>>;
      readonly exitCode: number;
      /** Of a run of suites, since version 2: whether the whole of each suite was held, exercised, and found without a failure. */
      readonly conformant?: boolean;
      /** The same in words: what was run, what it came to, what of each suite was exercised. */
      readonly statement?: string;
      /** Faults that explain the findings: `causes` ≤ the findings, several of which may follow from one fault. */
      readonly causes?: number;
    };
