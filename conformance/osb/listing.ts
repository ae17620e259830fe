import type { Level } from "../events.ts";
import { CLAUSES } from "./clauses.ts";
import { OSB_CHECKS } from "./suite.ts";

/** A line of the traceability table: a clause, and the checks that judge it. */
export interface ClauseListing {
  readonly id: string;
  readonly section: string;
  readonly level: Level;
  /** `2.14`. */
  readonly since: string;
  readonly until?: string;
  readonly testable: "yes" | "partly" | "no";
  readonly text: string;
  /** Ids of the checks; empty for a clause that cannot be tested from outside. */
  readonly checks: readonly string[];
  /** Why it is testable in part, or not at all. */
  readonly reason?: string;
}

/** Every clause of the OSB API that binds a broker, with the checks that cover it. */
export function listClauses(): readonly ClauseListing[] {
  return CLAUSES.map(({ since, until, ...clause }) => ({
    ...clause,
    since: `2.${since}`,
    ...(until === undefined ? {} : { until: `2.${until}` }),
    checks: OSB_CHECKS.filter((check) => check.clauses.includes(clause.id)).map((check) => check.id),
  }));
}
