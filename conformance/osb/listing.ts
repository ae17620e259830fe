import type { Level } from "../runner/events.ts";
import { CLAUSES } from "./clauses.ts";
import { OSB_MUTANTS } from "./mutants/index.ts";
import { OSB_CHECKS } from "./suite.ts";

/** A line of the traceability table: a clause, the checks that judge it, and the defects that prove them. */
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
  /** Ids of the mutants that one of the checks has to notice. */
  readonly mutants: readonly string[];
  /** Why it is testable in part, or not at all. */
  readonly reason?: string;
}

/** Every clause of the OSB API that binds a broker, in the order of the specification. */
export function listClauses(): readonly ClauseListing[] {
  return CLAUSES.map(({ since, until, ...clause }) => {
    const checks = OSB_CHECKS.filter((check) => check.clauses.includes(clause.id)).map((check) => check.id);
    const mutants = OSB_MUTANTS.filter(({ expected }) => expected.some((check) => checks.includes(check)));
    return {
      ...clause,
      since: `2.${since}`,
      ...(until === undefined ? {} : { until: `2.${until}` }),
      checks,
      mutants: mutants.map(({ id }) => id),
    };
  });
}
