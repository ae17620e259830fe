import type { SpecMinor } from "../client/spec-version.ts";
import type { TargetError } from "../client/errors/target-error.ts";
import type { Acceptance } from "./baseline.ts";
import { type Cause, causesOf, worstOwnVerdict } from "./causes.ts";
import { worse } from "./check.ts";
import { type Coverage, coverageOf, exitCodeOf, verdictOver } from "./coverage.ts";
import type { CheckInfo, LeftBehind, RunScope, Verdict } from "./events.ts";
import { isConformant, statementOf } from "./statement.ts";

/** Exit code of a run that a signal stopped, as shells have it: 128 and the number of SIGINT. */
const INTERRUPTED_EXIT_CODE = 130;

/** The verdict of one check, after level and baseline. */
export interface CheckResult {
  readonly check: CheckInfo;
  readonly verdict: Verdict;
  readonly reason?: string;
  /** Id of the check that judges the fault from which this verdict follows. */
  readonly followsFrom?: string;
  /** Set when the failure is a known one that has been accepted. */
  readonly accepted?: Acceptance;
}

/** What a run came to. */
export interface CertifySummary {
  /** The worst of the checks; at least `unknown` when in a suite that was asked for nothing could be exercised. */
  readonly verdict: Verdict;
  readonly counts: Readonly<Record<Verdict, number>>;
  /** The findings by the fault that explains them, the worst first: several findings may have one cause. */
  readonly causes: readonly Cause[];
  /** See `exitCodeOf`; 130 when the run was interrupted. */
  readonly exitCode: number;
  /** Whether the broker was shown conformant. A run that was narrowed shows it of no broker. */
  readonly conformant: boolean;
  /** The same in words: what was run, what it came to, what of each suite was exercised. */
  readonly statement: string;
  readonly coverage: Coverage;
  readonly minor: SpecMinor;
  readonly results: readonly CheckResult[];
  readonly leftBehind: readonly LeftBehind[];
  /** Set when the run could not be carried to its end. */
  readonly error?: TargetError;
}

/** How a run ended. */
interface RunEnd {
  readonly minor: SpecMinor;
  readonly results: readonly CheckResult[];
  readonly leftBehind: readonly LeftBehind[];
  readonly scope: RunScope;
  readonly isAborted: boolean;
  /** Something of drydock's own went wrong that no check's verdict mentions. */
  readonly isDefective: boolean;
  /** The broker stopped answering. */
  readonly lost: TargetError | undefined;
}

function countVerdicts(results: readonly CheckResult[]): Record<Verdict, number> {
  const counts = { fail: 0, unknown: 0, warn: 0, pass: 0, "not-applicable": 0 };
  for (const { verdict } of results) counts[verdict]++;
  return counts;
}

/** Folds the results of a run. */
export function summarize({ minor, results, leftBehind, scope, isAborted, isDefective, lost }: RunEnd): CertifySummary {
  const verdicts = new Map(results.map(({ check, verdict }) => [check.id, verdict]));
  const coverage = coverageOf([{ scope, finished: new Set(verdicts.keys()) }], verdicts);
  const unfinished: Verdict = isAborted || isDefective || lost ? "unknown" : "not-applicable";
  const verdict = verdictOver(worse(unfinished, worstOwnVerdict(results)), coverage);
  const accepted = results.filter((each) => each.accepted !== undefined).length;
  const result = { verdict, accepted, coverage, finished: results.length };
  return {
    verdict,
    counts: countVerdicts(results),
    causes: causesOf(results),
    exitCode: isAborted ? INTERRUPTED_EXIT_CODE : exitCodeOf(verdict),
    conformant: isConformant(result),
    statement: statementOf(result),
    coverage,
    minor,
    results,
    leftBehind,
    ...(lost ? { error: lost } : {}),
  };
}
