import type { CheckInfo, Exchange, LeftBehind, RunEvent, SuiteName, Verdict } from "../conformance/events.ts";
import { worse } from "../conformance/runner/check.ts";
import { ReportError } from "./errors.ts";

/** The version of report.json. */
export const REPORT_VERSION = 1;
/** Bodies of evidence are cut to this length in a report; the event stream keeps them longer. */
export const BODY_CHARS_MAX = 16_384;
/** Seeds that passed are listed up to this number; the counts hold all of them. */
export const PASSED_SEEDS_MAX = 1_000;

export type Counts = Readonly<Record<Verdict, number>>;
type Event<T extends RunEvent["type"]> = Extract<RunEvent, { readonly type: T }>;
export type Target = Event<"run-started">["target"];
export type SeedVerdict = Event<"seed-finished">["verdict"];

/** The line that shows a verdict. */
export const accusingLine = ({ evidence }: Pick<CheckReport, "evidence">): string | undefined =>
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
}

/** What a run came to: a fold of its events, and all that the pages and files below know. */
export interface Report {
  readonly v: typeof REPORT_VERSION;
  readonly target: Target;
  readonly profile?: string;
  readonly tool: { readonly name: string; readonly version: string };
  /** The line that runs it again. */
  readonly command: string;
  /** Ids of the runs (shards) that it was made of. */
  readonly runs: readonly string[];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Missing when a run did not come to its end. */
  readonly finishedAt?: string;
  readonly isComplete: boolean;
  readonly planned: number;
  /** The worst of all verdicts; at least `unknown` when the run is not complete. */
  readonly verdict: Verdict;
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
const SUITES: readonly SuiteName[] = ["osb", "backup", "isolation"];
/** The exit code of several shards is the gravest of theirs; a finding is graver than a run that could not be done. */
const EXIT_CODES_WORST_FIRST = [130, 1, 2, 0];

interface Run {
  readonly header: Event<"run-started">;
  finished: Event<"run-finished"> | undefined;
  readonly notes: Set<string>;
}

interface Folding {
  readonly runs: Map<string, Run>;
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

function shortened(exchange: Exchange): Exchange {
  const { request, response } = exchange;
  return {
    ...exchange,
    request: request.body === undefined ? request : { ...request, body: cutBody(request.body) },
    ...(response === undefined ? {} : { response: { ...response, body: cutBody(response.body) } }),
  };
}

function takeCheck(folding: Folding, event: Event<"check-finished">): void {
  const { v: _, type: __, check, evidence, ...rest } = event;
  const result = { ...check, ...rest, evidence: evidence.map(shortened) };
  folding.checks.set(check.id, worseOf(folding.checks.get(check.id), result));
}

function takeSeed(folding: Folding, event: Event<"seed-finished">): void {
  const { v: _, type: __, scenario, ...seed } = event;
  const seeds = folding.scenarios.get(scenario) ?? new Map<number, SeedReport>();
  folding.scenarios.set(scenario, seeds);
  const known = seeds.get(seed.seed);
  if (known !== undefined && known.digest !== seed.digest) {
    folding.contradictions.add(`${scenario}: seed ${seed.seed} gave different digests; a seed must give one`);
  }
  seeds.set(seed.seed, worseOf(known, seed));
}

function take(folding: Folding, run: Run, event: Exclude<RunEvent, Event<"run-started">>): void {
  switch (event.type) {
    case "check-started":
      folding.begun.add(event.check);
      break;
    case "check-finished":
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
  let run: Run | undefined;
  for (const event of events) {
    if (event.type === "run-started") {
      run = folding.runs.get(event.run) ?? { header: event, finished: undefined, notes: new Set() };
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
  return SUITES.map((suite) => ({ suite, of: checks.filter((check) => check.suite === suite) }))
    .filter(({ of }) => of.length > 0)
    .map(({ suite, of }) => ({ suite, counts: countVerdicts(of) }));
}

function checksInOrder(checks: Iterable<CheckReport>): CheckReport[] {
  return [...checks].sort(
    (a, b) => SUITES.indexOf(a.suite) - SUITES.indexOf(b.suite) || order(a.section, b.section) || order(a.id, b.id),
  );
}

function worstVerdict(counts: Counts, runs: readonly Run[], isComplete: boolean): Verdict {
  const worst = VERDICTS.find((verdict) => counts[verdict] > 0) ?? "not-applicable";
  const told = runs.flatMap(({ finished }) => (finished ? [finished.verdict] : []));
  return [...told, ...(isComplete ? [] : (["unknown"] as const))].reduce<Verdict>(worse, worst);
}

/** How the runs ended; a run that did not leaves the whole without an end. */
function ending(runs: readonly Run[]): Pick<Report, "isComplete" | "finishedAt" | "exitCode"> {
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
  const end = ending(runs);
  return {
    v: REPORT_VERSION,
    target: header.target,
    ...(header.profile === undefined ? {} : { profile: header.profile }),
    tool: header.tool,
    command: header.command,
    runs: runs.map((run) => run.header.run),
    startedAt: header.at,
    ...end,
    planned: runs.reduce((sum, run) => sum + run.header.planned, 0),
    verdict: worstVerdict(counts, runs, end.isComplete),
    counts,
    suites: suiteReports(checks),
    checks,
    scenarios,
    unfinished: [...folding.begun].filter((id) => !folding.checks.has(id)).sort(),
    leftBehind: [...folding.leftBehind.values()].sort((a, b) => order(a.kind, b.kind) || order(a.id, b.id)),
    notes: [...new Set([...runs.flatMap((run) => [...run.notes]), ...[...folding.contradictions].sort()])],
  };
}

/** What was tested, in words: the URL of the broker, or the name of the scenario. */
export function subjectOf(target: Target): string {
  return target.kind === "broker" ? target.url : `scenario ${target.name}`;
}

/** `conformant` and the like: what a verdict over a whole run means to the one who asked. */
export function headline(report: Pick<Report, "target" | "verdict" | "isComplete">): string {
  if (!report.isComplete) return "Did not finish";
  const isBroker = report.target.kind === "broker";
  switch (report.verdict) {
    case "fail":
      return isBroker ? "Not conformant" : "Counterexample found";
    case "unknown":
      return "Could not be determined";
    case "warn":
      return isBroker ? "Conformant, with warnings" : "Held, with warnings";
    case "pass":
      return isBroker ? "Conformant" : "Held on every seed";
    case "not-applicable":
      return "Nothing was exercised";
  }
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
