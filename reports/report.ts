import { type Coverage, coverageOf, exitCodeOf, verdictOver } from "../conformance/runner/coverage.ts";
import {
  type CheckInfo,
  type Exchange,
  type LeftBehind,
  type RunEvent,
  SUITE_NAMES,
  type SuiteName,
  type Verdict,
} from "../conformance/runner/events.ts";
import { worse } from "../conformance/runner/check.ts";
import { exercisedSentence, headlineOf, isConformant } from "../conformance/runner/statement.ts";
import { ReportError } from "./errors.ts";

/** The version of report.json. Version 2 tells what was left out, and each line that runs it again. */
export const REPORT_VERSION = 2;
/** Bodies of evidence are cut to this length in a report; the event stream keeps them longer. */
export const BODY_CHARS_MAX = 16_384;
/** Seeds that passed are listed up to this number; the counts hold all of them. */
export const PASSED_SEEDS_MAX = 1_000;

export type Counts = Readonly<Record<Verdict, number>>;
type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { readonly type: T }>;
export type ReportTarget = EventOf<"run-started">["target"];
export type SeedVerdict = EventOf<"seed-finished">["verdict"];

/** The line that shows a verdict. */
export const curlOf = ({ evidence }: Pick<CheckReport, "evidence">): string | undefined =>
  evidence.find(({ setup }) => setup !== true)?.curl;

export interface CheckReport extends CheckInfo {
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

export interface SeedReport {
  readonly seed: number;
  readonly verdict: SeedVerdict;
  readonly digest: string;
  readonly steps: number;
  readonly reason?: string;
  readonly counterexample?: { readonly steps: readonly string[]; readonly replay: string };
  readonly durationMs: number;
}

export interface ScenarioReport {
  readonly scenario: string;
  readonly counts: Counts;
  /** Commands executed, over all seeds. */
  readonly steps: number;
  /** Worst first, then by seed: all that did not pass, and of those that passed the first PASSED_SEEDS_MAX. */
  readonly seeds: readonly SeedReport[];
}

export interface SuiteReport {
  readonly suite: SuiteName;
  readonly counts: Counts;
  /** The worst of its checks. A suite whose checks all did not apply is no pass. */
  readonly verdict: Verdict | "not-exercised";
}

/** What a run came to: a fold of its events, and all that the pages and files below know. */
export interface Report {
  readonly v: typeof REPORT_VERSION;
  readonly target: ReportTarget;
  readonly profile?: string;
  readonly tool: { readonly name: string; readonly version: string };
  /** The lines that run it again: one, or one for each shard. */
  readonly commands: readonly string[];
  /** Ids of the runs (shards) that it was made of. */
  readonly runs: readonly string[];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Missing when a run did not come to its end. */
  readonly finishedAt?: string;
  readonly isComplete: boolean;
  readonly planned: number;
  /** The worst of all verdicts; at least `unknown` when the run is not complete, or a suite was not exercised. */
  readonly verdict: Verdict;
  /** Whether the broker was shown conformant: only by the whole of the suites that were asked for. */
  readonly conformant: boolean;
  /** What the run came to, short. */
  readonly headline: string;
  /** What of each suite was exercised, and what narrowed the run. Of runs of suites that tell it. */
  readonly exercised?: string;
  readonly coverage?: Coverage;
  readonly counts: Counts;
  readonly exitCode?: number;
  readonly suites: readonly SuiteReport[];
  /** By suite, section and id. */
  readonly checks: readonly CheckReport[];
  readonly scenarios: readonly ScenarioReport[];
  /** Checks that were begun and never came to a verdict. */
  readonly unfinished: readonly string[];
  readonly leftBehind: readonly LeftBehind[];
  readonly notes: readonly string[];
}

export const VERDICTS: readonly Verdict[] = ["fail", "unknown", "warn", "pass", "not-applicable"];
/** The exit code of several shards is the gravest of theirs; a finding is graver than a run that could not be done. */
const EXIT_CODES_WORST_FIRST = [130, 1, 2, 0];

/** Said of a stream of version 1. */
const NO_SCOPE = "The stream does not tell what the run left out, so that it shows nobody conformant; certify again.";

interface FoldedRun {
  readonly header: EventOf<"run-started">;
  finished: EventOf<"run-finished"> | undefined;
  /** Ids of the checks that came to a verdict in it. */
  readonly checks: Set<string>;
  readonly notes: Set<string>;
}

interface Folding {
  readonly runs: Map<string, FoldedRun>;
  readonly begun: Set<string>;
  readonly checks: Map<string, CheckReport>;
  readonly scenarios: Map<string, Map<number, SeedReport>>;
  readonly leftBehind: Map<string, LeftBehind>;
  readonly contradictions: Set<string>;
}

const order = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** The worse of two results for one thing; where they are equally bad, one that does not depend on their order. */
function worseOf<T extends { readonly verdict: Verdict }>(a: T | undefined, b: T): T {
  if (a === undefined) return b;
  if (a.verdict !== b.verdict) return worse(a.verdict, b.verdict) === a.verdict ? a : b;
  return order(JSON.stringify(a), JSON.stringify(b)) <= 0 ? a : b;
}

function cutBody(body: string): string {
  if (body.length <= BODY_CHARS_MAX) return body;
  return `${body.slice(0, BODY_CHARS_MAX)}… [${body.length - BODY_CHARS_MAX} characters cut, see run.jsonl]`;
}

function shorten(exchange: Exchange): Exchange {
  const { request, response } = exchange;
  return {
    ...exchange,
    request: request.body === undefined ? request : { ...request, body: cutBody(request.body) },
    ...(response === undefined ? {} : { response: { ...response, body: cutBody(response.body) } }),
  };
}

function takeCheck(folding: Folding, event: EventOf<"check-finished">): void {
  const { v: _, type: __, check, evidence, ...rest } = event;
  const result = { ...check, ...rest, evidence: evidence.map(shorten) };
  folding.checks.set(check.id, worseOf(folding.checks.get(check.id), result));
}

function takeSeed(folding: Folding, event: EventOf<"seed-finished">): void {
  const { v: _, type: __, scenario, ...seed } = event;
  const seeds = folding.scenarios.get(scenario) ?? new Map<number, SeedReport>();
  folding.scenarios.set(scenario, seeds);
  const known = seeds.get(seed.seed);
  if (known !== undefined && known.digest !== seed.digest) {
    folding.contradictions.add(`${scenario}: seed ${seed.seed} gave different digests; a seed must give one`);
  }
  seeds.set(seed.seed, worseOf(known, seed));
}

function take(folding: Folding, run: FoldedRun, event: Exclude<RunEvent, EventOf<"run-started">>): void {
  switch (event.type) {
    case "check-started":
      folding.begun.add(event.check);
      break;
    case "check-finished":
      run.checks.add(event.check.id);
      takeCheck(folding, event);
      break;
    case "seed-finished":
      takeSeed(folding, event);
      break;
    case "left-behind":
      for (const item of event.items) folding.leftBehind.set(`${item.kind} ${item.id}`, item);
      break;
    case "note":
      run.notes.add(event.text);
      break;
    case "run-finished":
      run.finished = event;
  }
}

function replay(events: Iterable<RunEvent>): Folding {
  const folding: Folding = {
    runs: new Map(),
    begun: new Set(),
    checks: new Map(),
    scenarios: new Map(),
    leftBehind: new Map(),
    contradictions: new Set(),
  };
  let run: FoldedRun | undefined;
  for (const event of events) {
    if (event.type === "run-started") {
      run = folding.runs.get(event.run) ?? { header: event, finished: undefined, checks: new Set(), notes: new Set() };
      folding.runs.set(event.run, run);
    } else if (run === undefined) throw new ReportError("REPORT_NO_RUN", event.type);
    else take(folding, run, event);
  }
  return folding;
}

export function countVerdicts(results: Iterable<{ readonly verdict: Verdict }>): Counts {
  const counts = { fail: 0, unknown: 0, warn: 0, pass: 0, "not-applicable": 0 };
  for (const { verdict } of results) counts[verdict]++;
  return counts;
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
      SUITE_NAMES.indexOf(a.suite) - SUITE_NAMES.indexOf(b.suite) || order(a.section, b.section) || order(a.id, b.id),
  );
}

/** What was asked for and held by all shards; undefined when one of them does not tell (version 1, or a scenario). */
function coverageOfRuns(runs: readonly FoldedRun[], checks: readonly CheckReport[]): Coverage | undefined {
  const held = runs.flatMap(({ header: { scope }, checks: finished }) => (scope ? [{ scope, finished }] : []));
  if (held.length < runs.length) return undefined;
  return coverageOf(held, new Map(checks.map(({ id, verdict }) => [id, verdict])));
}

const isInterrupted = ({ finished }: FoldedRun): boolean => finished?.exitCode === 130;

/**
 * The verdict of shards that tell what they held is that of all their checks, as if one run had held them: a suite that one shard
 * could not exercise another may have. Of others the worst that was told counts.
 */
function verdictOf(
  counts: Counts,
  runs: readonly FoldedRun[],
  coverage: Coverage | undefined,
  isComplete: boolean,
): Verdict {
  const worst = VERDICTS.find((verdict) => counts[verdict] > 0) ?? "not-applicable";
  const ends = runs.flatMap(({ finished }) => (finished ? [finished.verdict] : []));
  const told = coverage === undefined ? ends : runs.some(isInterrupted) ? (["unknown"] as const) : [];
  const all = [...told, ...(isComplete ? [] : (["unknown"] as const))].reduce<Verdict>(worse, worst);
  return coverage === undefined ? all : verdictOver(all, coverage);
}

/** How the runs ended; a run that did not leaves the whole without an end. */
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
 * Folds the events of a run, or of several shards one after the other, into its report. Neither the order of the shards
 * nor a shard given twice changes it; of several results for one check or seed the worst counts.
 * Throws REPORT_NO_RUN for a stream without a beginning.
 */
export function foldRun(events: Iterable<RunEvent>): Report {
  const folding = replay(events);
  const runs = [...folding.runs.values()].sort(
    (a, b) => order(a.header.at, b.header.at) || order(a.header.run, b.header.run),
  );
  const header = runs[0]?.header;
  if (header === undefined) throw new ReportError("REPORT_NO_RUN", "no events");
  const checks = checksInOrder(folding.checks.values());
  const scenarios = [...folding.scenarios]
    .sort(([a], [b]) => order(a, b))
    .map(([scenario, seeds]) => scenarioReport(scenario, [...seeds.values()]));
  const counts = addCounts([countVerdicts(checks), ...scenarios.map((each) => each.counts)]);
  const coverage = coverageOfRuns(runs, checks);
  const end = ending(runs);
  const verdict = verdictOf(counts, runs, coverage, end.isComplete);
  return {
    v: REPORT_VERSION,
    target: header.target,
    ...(header.profile === undefined ? {} : { profile: header.profile }),
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
    leftBehind: [...folding.leftBehind.values()].sort((a, b) => order(a.kind, b.kind) || order(a.id, b.id)),
    notes: [
      ...new Set([
        ...runs.flatMap((run) => [...run.notes]),
        ...[...folding.contradictions].sort(),
        ...(header.target.kind === "broker" && coverage === undefined ? [NO_SCOPE] : []),
      ]),
    ],
  };
}

/** What was tested, in words: the URL of the broker, or the name of the scenario. */
export function subjectOf(target: ReportTarget): string {
  return target.kind === "broker" ? target.url : `scenario ${target.name}`;
}

const OF_SCENARIO: Readonly<Record<Verdict, string>> = {
  fail: "Counterexample found",
  unknown: "Could not be determined",
  warn: "Held, with warnings",
  pass: "Held on every seed",
  "not-applicable": "Nothing was exercised",
};

/** What a verdict over the whole means to the one who asked, and what it rests on. */
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

/** Headline and what it rests on, in one line. */
export function statement({ headline, exercised }: Pick<Report, "headline" | "exercised">): string {
  return exercised === undefined ? headline : `${headline}. ${exercised}`;
}

/** Suites of which checks were held and none found anything out. */
export function notExercised(report: Report): readonly SuiteReport[] {
  return report.suites.filter(({ verdict }) => verdict === "not-exercised");
}

/** The results that somebody has to look at, worst first. */
export function findings(report: Report): readonly CheckReport[] {
  return VERDICTS.slice(0, 3).flatMap((verdict) => report.checks.filter((check) => check.verdict === verdict));
}

/** The seeds that did not hold, with the scenario they belong to. */
export function failingSeeds(report: Report): readonly (SeedReport & { readonly scenario: string })[] {
  return report.scenarios.flatMap(({ scenario, seeds }) =>
    seeds.filter(({ verdict }) => verdict !== "pass").map((seed) => ({ ...seed, scenario })),
  );
}
