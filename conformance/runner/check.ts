import type { CheckInfo, Exchange, Verdict } from "./events.ts";
import type { SpecMinor } from "../client/spec-version.ts";
import type { Observation } from "../client/http/observation.ts";

/** What led to an outcome: an answer of the broker, or a step that is ready to be shown. */
export type Evidence = Observation | Exchange;

/**
 * What a check found. The runner caps it by the level of the requirement: a violated SHOULD or MAY is a warning.
 * `evidence` are the exchanges that led to it; left out, it is all that the check sent.
 */
export interface Outcome {
  readonly verdict: Verdict;
  /** One line: what was wrong, why it does not apply, why it is not known. */
  readonly reason?: string;
  readonly expected?: string;
  readonly seen?: string;
  readonly evidence?: readonly Evidence[];
  /** Id of the check that judges the fault from which this outcome follows: it is not a finding of its own. */
  readonly followsFrom?: string;
}

/**
 * A check is a value. `C` is what its suite offers to a running check (a client of the broker, the catalog, the means to
 * get an instance); the suite makes one for each check.
 */
export interface Check<C> extends CheckInfo {
  /** Binds from this version of the OSB API … */
  readonly since: SpecMinor;
  /** … to this one, both inclusive. */
  readonly until?: SpecMinor;
  /** Service instances that it holds at once, at most. Default 1. */
  readonly instances?: number;
  /**
   * `probe` sends requests (default). `review` judges what all the others sent and received, so it comes last and sends nothing.
   */
  readonly phase?: "probe" | "review";
  /** Asks for many operations one after the other: it begins before the others, which then run alongside it. Default false. */
  readonly isLong?: boolean;
  /** Runs alone, because it holds or breaks what stands behind the broker. */
  readonly exclusive?: boolean;
  readonly run: (context: C) => Promise<Outcome> | Outcome;
}

/** What is required was exercised, and holds. */
export function pass(...evidence: readonly Evidence[]): Outcome {
  return { verdict: "pass", ...evidenceOf(evidence) };
}

/** What is required does not hold. */
export function fail(expected: string, seen: string, ...evidence: readonly Evidence[]): Outcome {
  return { verdict: "fail", reason: `expected ${expected}, seen ${seen}`, expected, seen, ...evidenceOf(evidence) };
}

/** Something that is not required does not hold, whatever the level of the check. */
export function warn(expected: string, seen: string, ...evidence: readonly Evidence[]): Outcome {
  return { ...fail(expected, seen, ...evidence), verdict: "warn" };
}

/** The broker does not offer what the check is about. */
export function notApplicable(reason: string, ...evidence: readonly Evidence[]): Outcome {
  return { verdict: "not-applicable", reason, ...evidenceOf(evidence) };
}

/** It could not be found out. */
export function unknown(reason: string, ...evidence: readonly Evidence[]): Outcome {
  return { verdict: "unknown", reason, ...evidenceOf(evidence) };
}

/** It could not be determined, because of a fault that the check `cause` judges. */
export function followsFrom(cause: string, reason: string, ...evidence: readonly Evidence[]): Outcome {
  return { ...unknown(reason, ...evidence), followsFrom: cause };
}

function evidenceOf(evidence: readonly Evidence[]): Pick<Outcome, "evidence"> {
  return evidence.length > 0 ? { evidence } : {};
}

/** Thrown inside a check to end it with an outcome that is not its own finding: what it stands on is missing. */
export class Verdicted extends Error {
  readonly outcome: Outcome;
  constructor(outcome: Outcome) {
    super(outcome.reason ?? outcome.verdict);
    this.name = "Verdicted";
    this.outcome = outcome;
  }
}

const RANK: readonly Verdict[] = ["not-applicable", "pass", "warn", "unknown", "fail"];

/** The worse of two verdicts: `fail` > `unknown` > `warn` > `pass` > `not-applicable`. */
export function worse(a: Verdict, b: Verdict): Verdict {
  return RANK.indexOf(a) >= RANK.indexOf(b) ? a : b;
}

/** The worst of several outcomes, the first of equals; not applicable when there is none. */
export function worstOf(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce(
    (worst, next) => (RANK.indexOf(next.verdict) > RANK.indexOf(worst.verdict) ? next : worst),
    outcomes[0] ?? notApplicable("nothing was exercised"),
  );
}
