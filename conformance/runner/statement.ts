import { type Coverage, type SuiteCoverage, unexercisedSuites } from "./coverage.ts";
import type { Narrowing, Verdict } from "./events.ts";

/** What a sentence about a run's outcome needs to know. */
interface RunResult {
  readonly verdict: Verdict;
  /** Failures that a baseline accepts. */
  readonly accepted: number;
  /** Undefined: an old stream, which does not tell what it left out. */
  readonly coverage: Coverage | undefined;
  /** Checks that came to a verdict. */
  readonly finished: number;
}

/** `a`, `a and b`, `a, b and c`. */
function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

/** `--only catalog-*`; what the flag of the command line would be. */
export const flagOf = ({ by, to }: Narrowing): string =>
  by === "suites" ? `only a part of ${to.replaceAll(",", ", ")}` : `--${by} ${to}`;

/** `exercised` may be fewer: what the broker does not offer does not apply to it. */
function exercisedIn({ suite, checks, held, exercised, verdict }: SuiteCoverage): string {
  if (held === 0) return `${suite} not run`;
  const about = exercised > 0 && verdict === "not-exercised" ? ", none of them about its subject" : "";
  return `${suite} ${exercised === 0 ? "none" : exercised} of ${checks} checks${about}`;
}

/** Whether the run shows the broker conformant: nothing left out, nothing unexercised, no failure, not even an accepted one. */
export function isConformant({ verdict, accepted, coverage }: RunResult): boolean {
  return coverage?.isWhole === true && accepted === 0 && (verdict === "pass" || verdict === "warn");
}

const NOT = "Not conformant";
const FOUND: Readonly<Record<Verdict, string>> = {
  fail: "failed",
  unknown: "could not be determined",
  warn: "passed, with warnings",
  pass: "passed",
  "not-applicable": "nothing was exercised",
};

function missingFrom(coverage: Coverage): string {
  const empty = unexercisedSuites(coverage);
  return empty.length === 0 ? "" : `: ${listOf(empty)} not exercised`;
}

function partHeadline({ verdict, coverage, finished }: RunResult): string {
  if (coverage === undefined) return verdict === "fail" ? NOT : `${finished} checks: ${FOUND[verdict]}`;
  const [held, all] = [sum(coverage.suites.map((each) => each.held)), sum(coverage.suites.map((each) => each.checks))];
  const places = coverage.narrowedBy.filter(({ by }) => by === "service" || by === "plan").map(flagOf);
  return `${[`${held} of ${all} checks`, ...places].join(", ")}: ${FOUND[verdict]}${verdict === "unknown" ? missingFrom(coverage) : ""}`;
}

function wholeHeadline({ verdict, accepted }: RunResult, coverage: Coverage): string {
  const suites = coverage.suites.length > 1 ? ` in ${listOf(coverage.suites.map(({ suite }) => suite))}` : "";
  if (verdict === "fail") return NOT;
  if (verdict === "not-applicable") return "Nothing was exercised";
  if (verdict === "unknown") return `Could not be determined${missingFrom(coverage)}`;
  if (accepted > 0)
    return `Conformant${suites}, but for ${accepted} accepted ${accepted === 1 ? "failure" : "failures"}`;
  return `Conformant${suites}${verdict === "warn" ? ", with warnings" : ""}`;
}

/** What the run of suites came to, short. Only a run of the whole of its suites speaks of conformance. */
export function headlineOf(result: RunResult): string {
  return result.coverage?.isWhole === true ? wholeHeadline(result, result.coverage) : partHeadline(result);
}

/** What of each suite was exercised, and what narrowed the run; undefined where that is not known. */
export function exercisedSentence({ coverage }: Pick<RunResult, "coverage">): string | undefined {
  if (coverage === undefined) return undefined;
  const narrowed =
    coverage.narrowedBy.length === 0 ? "" : `; narrowed by ${coverage.narrowedBy.map(flagOf).join(", ")}`;
  return `Exercised: ${coverage.suites.map(exercisedIn).join(", ")}${narrowed}`;
}

/** Headline and what it rests on, in one line. */
export function statementOf(result: RunResult): string {
  return [headlineOf(result), exercisedSentence(result)].filter((part) => part !== undefined).join(". ");
}
