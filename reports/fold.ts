import { worstOwnVerdict } from "../conformance/runner/causes.ts";
import { type Coverage, coverageOf, exitCodeOf, verdictOver } from "../conformance/runner/coverage.ts";
import { type RunEvent, SUITE_NAMES, type Verdict } from "../conformance/runner/events.ts";
import { worse } from "../conformance/runner/check.ts";
import { exercisedSentence, headlineOf, isConformant } from "../conformance/runner/statement.ts";
import { collectEvents, type FoldedRun } from "./collect-events.ts";
import { ReportError } from "./errors.ts";
import {
  type CheckReport,
  compareValues,
  type Counts,
  countVerdicts,
  PASSED_SEEDS_MAX,
  type Report,
  REPORT_VERSION,
  type ReportTarget,
  type ScenarioReport,
  type SeedReport,
  type SuiteReport,
  VERDICTS,
} from "./report.ts";

/** Exit codes by gravity: several shards have the gravest of theirs, and a finding is graver than a run that could not take place. */
const EXIT_CODES_WORST_FIRST = [130, 1, 2, 0];

/** The note on a stream of version 1. */
const NO_SCOPE =
  "The stream does not say what the run left out, so it can't show that the broker conforms; certify again.";

/** The plans of all shards, each once, with the first shard's reason for the version. */
function judgedBy(runs: readonly FoldedRun[]): Pick<Report, "judged"> {
  const judged = runs.flatMap(({ header }) => header.judged ?? []);
  const [first] = judged;
  if (first === undefined) return {};
  const plans = new Map(judged.flatMap((each) => each.plans).map((each) => [`${each.service}/${each.plan}`, each]));
  return { judged: { plans: [...plans.values()], version: first.version } };
}

function addCounts(all: readonly Counts[]): Counts {
  const sum = { ...countVerdicts([]) };
  for (const counts of all) for (const verdict of VERDICTS) sum[verdict] += counts[verdict];
  return sum;
}

function scenarioReport(scenario: string, all: readonly SeedReport[]): ScenarioReport {
  const seeds = all.toSorted((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) || a.seed - b.seed);
  const counts = countVerdicts(seeds);
  return {
    scenario,
    counts,
    steps: seeds.reduce((sum, seed) => sum + seed.steps, 0),
    seeds: seeds.slice(0, counts.fail + counts.unknown + PASSED_SEEDS_MAX),
  };
}

function suiteReports(checks: readonly CheckReport[]): SuiteReport[] {
  return SUITE_NAMES.map((suite) => ({ suite, counts: countVerdicts(checks.filter((check) => check.suite === suite)) }))
    .map(({ suite, counts }) => ({ suite, counts, worst: VERDICTS.find((verdict) => counts[verdict] > 0) }))
    .flatMap(({ suite, counts, worst }) => {
      if (worst === undefined) return [];
      return [{ suite, counts, verdict: worst === "not-applicable" ? ("not-exercised" as const) : worst }];
    });
}

function checksInOrder(checks: Iterable<CheckReport>): CheckReport[] {
  return [...checks].sort(
    (a, b) =>
      SUITE_NAMES.indexOf(a.suite) - SUITE_NAMES.indexOf(b.suite) ||
      compareValues(a.section, b.section) ||
      compareValues(a.id, b.id),
  );
}

/**
 * The requested and executed parts of all shards; undefined if one of them does not record them (version 1,
 * or a scenario).
 */
function coverageOfRuns(runs: readonly FoldedRun[], checks: readonly CheckReport[]): Coverage | undefined {
  const held = runs.flatMap(({ header: { scope }, checks: finished }) => (scope ? [{ scope, finished }] : []));
  if (held.length < runs.length) return undefined;
  return coverageOf(held, new Map(checks.map(({ id, verdict }) => [id, verdict])));
}

const isInterrupted = ({ finished }: FoldedRun): boolean => finished?.exitCode === 130;

/**
 * `counts`: of seeds. Shards that say what they ran have the verdict of all their checks together, as of one run: another shard may have exercised
 * a suite that one could not. Of other shards the worst verdict counts.
 */
function verdictOf(
  counts: Counts,
  checks: readonly CheckReport[],
  runs: readonly FoldedRun[],
  coverage: Coverage | undefined,
  isComplete: boolean,
): Verdict {
  const ofSeeds = VERDICTS.find((verdict) => counts[verdict] > 0) ?? "not-applicable";
  const ofChecks = worstOwnVerdict(checks.map((check) => ({ check, ...check })));
  const worst = worse(ofSeeds, ofChecks);
  const ends = runs.flatMap(({ finished }) => (finished ? [finished.verdict] : []));
  const fromRuns = coverage === undefined ? ends : runs.some(isInterrupted) ? (["unknown"] as const) : [];
  const all = [...fromRuns, ...(isComplete ? [] : (["unknown"] as const))].reduce<Verdict>(worse, worst);
  return coverage === undefined ? all : verdictOver(all, coverage);
}

/** How the runs ended; undefined if one of them did not. */
function ending(runs: readonly FoldedRun[]): Pick<Report, "isComplete" | "finishedAt" | "exitCode"> {
  const ends = runs.flatMap(({ finished }) => (finished ? [finished] : []));
  const finishedAt = ends
    .map(({ at }) => at)
    .sort()
    .at(-1);
  if (ends.length < runs.length || finishedAt === undefined) return { isComplete: false };
  const codes = ends.map(({ exitCode }) => exitCode).sort((a, b) => b - a);
  const exitCode = EXIT_CODES_WORST_FIRST.find((code) => codes.includes(code)) ?? codes[0] ?? 2;
  return { isComplete: true, finishedAt, exitCode };
}

/**
 * Folds the events of a run, or of several shards one after the other, into its report. Neither their order nor a repeated shard changes
 * it; of several results for one check or seed the worst counts.
 *
 * @throws ReportError REPORT_NO_RUN for a stream without a beginning
 */
export function foldRun(events: Iterable<RunEvent>): Report {
  const folding = collectEvents(events);
  const runs = [...folding.runs.values()].sort(
    (a, b) => compareValues(a.header.at, b.header.at) || compareValues(a.header.run, b.header.run),
  );
  const header = runs[0]?.header;
  if (header === undefined) throw new ReportError("REPORT_NO_RUN", "no events");
  const checks = checksInOrder(folding.checks.values());
  const scenarios = [...folding.scenarios]
    .sort(([a], [b]) => compareValues(a, b))
    .map(([scenario, seeds]) => scenarioReport(scenario, [...seeds.values()]));
  const counts = addCounts([countVerdicts(checks), ...scenarios.map((each) => each.counts)]);
  const coverage = coverageOfRuns(runs, checks);
  const end = ending(runs);
  const seedCounts = addCounts(scenarios.map((each) => each.counts));
  const verdict = verdictOf(seedCounts, checks, runs, coverage, end.isComplete);
  return {
    v: REPORT_VERSION,
    target: header.target,
    ...(header.profile === undefined ? {} : { profile: header.profile }),
    ...judgedBy(runs),
    tool: header.tool,
    commands: [...new Set(runs.map((run) => run.header.command))],
    runs: runs.map((run) => run.header.run),
    startedAt: header.at,
    ...end,
    ...(coverage !== undefined && end.isComplete && { exitCode: runs.some(isInterrupted) ? 130 : exitCodeOf(verdict) }),
    planned: runs.reduce((sum, run) => sum + run.header.planned, 0),
    verdict,
    ...statementMembers(header.target, verdict, checks, coverage, end.isComplete),
    counts,
    suites: suiteReports(checks),
    checks,
    scenarios,
    unfinished: [...folding.begun].filter((id) => !folding.checks.has(id)).sort(),
    leftBehind: [...folding.leftBehind.values()].sort(
      (a, b) => compareValues(a.kind, b.kind) || compareValues(a.id, b.id),
    ),
    notes: [
      ...new Set([
        ...runs.flatMap((run) => [...run.notes]),
        ...[...folding.contradictions].sort(),
        ...(header.target.kind === "broker" && coverage === undefined ? [NO_SCOPE] : []),
      ]),
    ],
  };
}

const OF_SCENARIO: Readonly<Record<Verdict, string>> = {
  fail: "Counterexample found",
  unknown: "Could not be determined",
  warn: "Held, with warnings",
  pass: "Held on every seed",
  "not-applicable": "Nothing was exercised",
};

/** The members of a report that put its verdict and its basis into words. */
function statementMembers(
  target: ReportTarget,
  verdict: Verdict,
  checks: readonly CheckReport[],
  coverage: Coverage | undefined,
  isComplete: boolean,
): Pick<Report, "conformant" | "headline" | "exercised" | "coverage"> {
  const accepted = checks.filter((check) => check.accepted !== undefined).length;
  const result = { verdict, accepted, coverage, finished: checks.length };
  const headline = target.kind === "broker" ? headlineOf(result) : OF_SCENARIO[verdict];
  const exercised = exercisedSentence(result);
  return {
    conformant: isComplete && target.kind === "broker" && isConformant(result),
    headline: isComplete ? headline : "Did not finish",
    ...(exercised === undefined ? {} : { exercised }),
    ...(coverage === undefined ? {} : { coverage }),
  };
}
