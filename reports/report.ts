import type { Coverage } from "../conformance/runner/coverage.ts";
import type {
  CheckInfo,
  Exchange,
  Judged,
  LeftBehind,
  RunEvent,
  SuiteName,
  Verdict,
} from "../conformance/runner/events.ts";

/** The version of report.json. Version 2 adds what was left out, and each command line that runs it again. */
export const REPORT_VERSION = 2;
/** The length to which bodies of evidence are cut in a report; the event stream keeps more. */
export const BODY_CHARS_MAX = 16_384;
/** The maximum number of passed seeds that are listed; the counts include all. */
export const PASSED_SEEDS_MAX = 1_000;

/** How many results have each verdict. */
export type Counts = Readonly<Record<Verdict, number>>;
/** An event of the stream, by its type. */
export type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { readonly type: T }>;
/** The subject of the test: a broker, or a scenario. */
export type ReportTarget = EventOf<"run-started">["target"];
/** The possible outcomes of a seed. */
type SeedVerdict = EventOf<"seed-finished">["verdict"];

/** A check and its outcome. */
export interface CheckReport extends CheckInfo {
  readonly verdict: Verdict;
  /** Why it is not applicable or unknown, or what was wrong, in one line. */
  readonly reason?: string;
  readonly expected?: string;
  readonly seen?: string;
  /** Id of the check that judges the fault from which this verdict follows. */
  readonly followsFrom?: string;
  /** Set on a failure that a baseline accepts until the end of a day (UTC), which makes its verdict a warning. */
  readonly accepted?: { readonly reason: string; readonly until: string };
  readonly durationMs: number;
  readonly evidence: readonly Exchange[];
}

/** A seed of a scenario and its outcome. */
export interface SeedReport {
  readonly seed: number;
  readonly verdict: SeedVerdict;
  readonly digest: string;
  readonly steps: number;
  readonly reason?: string;
  readonly counterexample?: { readonly steps: readonly string[]; readonly replay: string };
  readonly durationMs: number;
}

/** A scenario and the outcomes of its seeds. */
export interface ScenarioReport {
  readonly scenario: string;
  readonly counts: Counts;
  /** Commands executed, over all seeds. */
  readonly steps: number;
  /** Worst first, then by seed: all that did not pass, and the first PASSED_SEEDS_MAX that did. */
  readonly seeds: readonly SeedReport[];
}

/** A suite and the outcomes of its checks. */
export interface SuiteReport {
  readonly suite: SuiteName;
  readonly counts: Counts;
  /** The worst of its checks. A suite none of whose checks applied has not passed. */
  readonly verdict: Verdict | "not-exercised";
}

/** The outcome of a run: a fold of its events, and all that the other formats know. */
export interface Report {
  readonly v: typeof REPORT_VERSION;
  readonly target: ReportTarget;
  readonly profile?: string;
  /** The plans under test, of all shards, and why the broker is judged by this version; absent if the stream does not say. */
  readonly judged?: Judged;
  readonly tool: { readonly name: string; readonly version: string };
  /** The command lines that run it again: one for each shard. */
  readonly commands: readonly string[];
  /** Ids of the runs (shards) from which it was made. */
  readonly runs: readonly string[];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Missing when a run did not finish. */
  readonly finishedAt?: string;
  readonly isComplete: boolean;
  readonly planned: number;
  /** The worst of all verdicts; at least `unknown` when the run is not complete, or a suite was not exercised. */
  readonly verdict: Verdict;
  /** Whether the run shows that the broker conforms, which takes the whole of the requested suites. */
  readonly conformant: boolean;
  /** The outcome of the run in a few words. */
  readonly headline: string;
  /** The part of each suite that was exercised, and what narrowed the run; absent if the stream does not record it. */
  readonly exercised?: string;
  readonly coverage?: Coverage;
  readonly counts: Counts;
  readonly exitCode?: number;
  readonly suites: readonly SuiteReport[];
  /** By suite, section and id. */
  readonly checks: readonly CheckReport[];
  readonly scenarios: readonly ScenarioReport[];
  /** Checks that began and never reached a verdict. */
  readonly unfinished: readonly string[];
  readonly leftBehind: readonly LeftBehind[];
  readonly notes: readonly string[];
}

/** All verdicts, worst first. */
export const VERDICTS: readonly Verdict[] = ["fail", "unknown", "warn", "pass", "not-applicable"];
/** Compares texts and numbers, for `sort`. */
export const compareValues = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** How many results have each verdict. */
export function countVerdicts(results: Iterable<{ readonly verdict: Verdict }>): Counts {
  const counts = { fail: 0, unknown: 0, warn: 0, pass: 0, "not-applicable": 0 };
  for (const { verdict } of results) counts[verdict]++;
  return counts;
}

/** The subject of the test, in words: the URL of the broker, or the name of the scenario. */
export function subjectOf(target: ReportTarget): string {
  return target.kind === "broker" ? target.url : `scenario ${target.name}`;
}

/** The headline and its basis, in one line. */
export function statement({ headline, exercised }: Pick<Report, "headline" | "exercised">): string {
  return exercised === undefined ? headline : `${headline}. ${exercised}`;
}

/** Suites whose checks exercised nothing. */
export function notExercised(report: Report): readonly SuiteReport[] {
  return report.suites.filter(({ verdict }) => verdict === "not-exercised");
}

/** The findings, worst first. */
export function findings(report: Pick<Report, "checks">): readonly CheckReport[] {
  return VERDICTS.slice(0, 3).flatMap((verdict) => report.checks.filter((check) => check.verdict === verdict));
}

/** The seeds that did not hold, with their scenarios. */
export function failingSeeds(report: Report): readonly (SeedReport & { readonly scenario: string })[] {
  return report.scenarios.flatMap(({ scenario, seeds }) =>
    seeds.filter(({ verdict }) => verdict !== "pass").map((seed) => ({ ...seed, scenario })),
  );
}
