import type { Level } from "../runner/events.ts";

import data from "./clauses.json" with { type: "json" };
import type { SpecMinor } from "../client/spec-version.ts";

/** One normative statement of the OSB specification that binds a broker, in our own words. */
export interface Clause {
  readonly id: string;
  /** Heading in spec.md, or `profile.md: …`. */
  readonly section: string;
  readonly level: Level;
  /** 14 stands for 2.14; both ends inclusive. */
  readonly since: SpecMinor;
  readonly until?: SpecMinor;
  /** Over HTTP, from outside. */
  readonly testable: "yes" | "partly" | "no";
  readonly text: string;
  /** Why it is testable in part, or not at all. */
  readonly reason?: string;
}

/** Every clause that binds a broker, in the order of the specification (2.17, with what earlier versions demanded). */
export const CLAUSES = data as readonly Clause[];

const byId = new Map(CLAUSES.map((clause) => [clause.id, clause]));

/** A check names a clause that the list does not have. One line: which, and what to do. */
class ClauseError extends Error {
  readonly code = "SUITE_NO_CLAUSE";
  constructor(id: string) {
    super(
      `there is no clause "${id}": name the check after one, name one in its clauses ("drydock clauses" lists them), or add it to conformance/osb/clauses.json (SUITE_NO_CLAUSE)`,
    );
    this.name = "ClauseError";
  }
}

/**
 * The clause with this id.
 *
 * @throws ClauseError when there is none
 */
export function clauseOf(id: string): Clause {
  const clause = byId.get(id);
  if (clause === undefined) throw new ClauseError(id);
  return clause;
}
