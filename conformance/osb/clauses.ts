import type { Level } from "../runner/events.ts";
import type { SpecMinor } from "../client/spec-version.ts";
import data from "./clauses.json" with { type: "json" };

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

export const CLAUSES = data as readonly Clause[];

const byId = new Map(CLAUSES.map((clause) => [clause.id, clause]));

export function clauseOf(id: string): Clause {
  const clause = byId.get(id);
  if (clause === undefined) throw new Error(`there is no clause "${id}"`);
  return clause;
}
