import { type Narrowing, type RunScope, SUITE_NAMES, type SuiteName, type Verdict } from "./events.ts";
import { worse } from "./check.ts";

/** What one run, or one shard of it, was asked to be, and which checks came to a verdict in it. */
interface HeldRun {
  readonly scope: RunScope;
  readonly finished: ReadonlySet<string>;
}

/** What became of one suite that was asked for. */
export interface SuiteCoverage {
  readonly suite: SuiteName;
  /** Checks that the suite has. */
  readonly checks: number;
  /** Checks that were held and came to a verdict. */
  readonly held: number;
  /** Checks that found something out about the broker: pass, warn or fail. */
  readonly exercised: number;
  /** The worst of its verdicts; `not-exercised` if nothing was found out about the suite's purpose. */
  readonly verdict: Verdict | "not-exercised";
}

/** How much of what there is to check was checked, by one run or by several shards together. */
export interface Coverage {
  readonly suites: readonly SuiteCoverage[];
  /** Each option once that left something out. */
  readonly narrowedBy: readonly Narrowing[];
  /** Whether every check of every suite asked for was held on all that the broker offers. */
  readonly isWhole: boolean;
}

/** Verdicts that say that all is well, provided that the suite was exercised. */
const MILD: ReadonlySet<Verdict> = new Set<Verdict>(["pass", "warn"]);

/** A check may need two plans, or two services, at once: runs against one each don't make a run against both. */
const isOfEveryPlan = ({ scope }: HeldRun): boolean =>
  !scope.narrowedBy.some(({ by }) => by === "service" || by === "plan");

function idsHeld(run: HeldRun, suite: SuiteName): readonly string[] {
  const scopes = run.scope.suites.filter((each) => each.suite === suite);
  return scopes.flatMap(({ checks, leftOut }) => {
    const without = new Set(leftOut);
    return checks.filter((id) => run.finished.has(id) && !without.has(id));
  });
}

const isExercised = (verdict: Verdict): boolean => verdict === "pass" || verdict === "warn" || verdict === "fail";

/** Whether checks of the suite's purpose were held, and none of them applied. */
function missesSubject(suite: SuiteName, runs: readonly HeldRun[], verdictOf: (id: string) => Verdict): boolean {
  const subject = new Set(
    runs.flatMap(({ scope }) => scope.suites.flatMap((each) => (each.suite === suite ? (each.subject ?? []) : []))),
  );
  const held = runs.flatMap((run) => idsHeld(run, suite)).filter((id) => subject.has(id));
  return held.length > 0 && held.every((id) => verdictOf(id) === "not-applicable");
}

function coverSuite(suite: SuiteName, runs: readonly HeldRun[], verdicts: ReadonlyMap<string, Verdict>) {
  const all = new Set(
    runs.flatMap(({ scope }) => scope.suites.filter((each) => each.suite === suite)).flatMap(({ checks }) => checks),
  );
  const held = new Set(runs.flatMap((run) => idsHeld(run, suite)));
  const onEveryPlan = new Set(runs.filter(isOfEveryPlan).flatMap((run) => idsHeld(run, suite)));
  const verdictOf = (id: string): Verdict => verdicts.get(id) ?? "unknown";
  const found = [...held].map(verdictOf);
  const worst = found.reduce<Verdict>(worse, "not-applicable");
  const coverage: SuiteCoverage = {
    suite,
    checks: all.size,
    held: held.size,
    exercised: found.filter(isExercised).length,
    verdict:
      worst === "not-applicable" || (MILD.has(worst) && missesSubject(suite, runs, verdictOf))
        ? "not-exercised"
        : worst,
  };
  return { coverage, isWhole: [...all].every((id) => onEveryPlan.has(id)) };
}

function eachOnce(narrowings: readonly Narrowing[]): readonly Narrowing[] {
  const byText = new Map(narrowings.map((each) => [`${each.by} ${each.to}`, each]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** Folds runs against one broker. Neither their order nor one given twice changes the coverage. */
export function coverageOf(runs: readonly HeldRun[], verdicts: ReadonlyMap<string, Verdict>): Coverage {
  const named = new Set(runs.flatMap(({ scope }) => scope.suites.map(({ suite }) => suite)));
  const suites = SUITE_NAMES.filter((suite) => named.has(suite)).map((suite) => coverSuite(suite, runs, verdicts));
  const isWhole = suites.length > 0 && suites.every((each) => each.isWhole);
  return {
    suites: suites.map(({ coverage }) => coverage),
    narrowedBy: isWhole ? [] : eachOnce(runs.flatMap(({ scope }) => scope.narrowedBy)),
    isWhole,
  };
}

/** Suites whose checks were held without finding out anything about the suite's purpose. */
export function unexercisedSuites({ suites }: Coverage): readonly SuiteName[] {
  return suites.filter(({ verdict, held }) => verdict === "not-exercised" && held > 0).map(({ suite }) => suite);
}

/**
 * The verdict over a run: the worst of its checks. A suite that was asked for and in which nothing could be exercised leaves
 * it unknown whether the broker does what the suite requires.
 */
export function verdictOver(worst: Verdict, coverage: Coverage): Verdict {
  if (worst === "not-applicable") return worst;
  return unexercisedSuites(coverage).length > 0 ? worse(worst, "unknown") : worst;
}

/**
 * The exit code for a verdict over a run. 0: what was asked for was exercised and holds. 1: a MUST is violated. 2: it could not be
 * determined, because a check came to no verdict or because in a suite that was asked for nothing could be exercised.
 */
export function exitCodeOf(verdict: Verdict): number {
  if (verdict === "fail") return 1;
  return verdict === "unknown" || verdict === "not-applicable" ? 2 : 0;
}
