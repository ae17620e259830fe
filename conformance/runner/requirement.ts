import type { Level, Severity, SuiteName } from "./events.ts";
import type { Check, Outcome } from "./check.ts";

/** A requirement that is not a clause of the OSB API and is checked in all of its versions. */
interface Requirement {
  /** BK-… or IS-… */
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  /** How much harm a violation does. */
  readonly severity?: Severity;
  readonly section: string;
  readonly requirement: string;
  /** Service instances that the check holds at once. */
  readonly instances: number;
  readonly exclusive?: boolean;
}

/** The check of a requirement. */
export function checkOf<C>(
  suite: SuiteName,
  requirement: Requirement,
  run: (context: C) => Promise<Outcome>,
): Check<C> {
  return { ...requirement, suite, clauses: [requirement.id], since: 11, run };
}
