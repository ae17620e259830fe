import type { Level } from "../runner/events.ts";
import type { Check, Outcome } from "../runner/check.ts";
import type { SpecMinor } from "../client/spec-version.ts";
import { clauseOf } from "./clauses.ts";
import type { OsbContext } from "./context.ts";

export interface CheckOptions {
  /** The check's id, where it is not that of its first clause. */
  readonly id?: string;
  readonly instances?: number;
  readonly exclusive?: boolean;
  readonly level?: Level;
  readonly since?: SpecMinor;
  readonly until?: SpecMinor;
}

export type OsbCheck = Check<OsbContext>;
type RunCheck = (context: OsbContext) => Promise<Outcome> | Outcome;

function define(
  clauses: string | readonly string[],
  run: RunCheck,
  options: CheckOptions & Pick<OsbCheck, "phase">,
): OsbCheck {
  const ids = typeof clauses === "string" ? [clauses] : clauses;
  const clause = clauseOf(ids[0] ?? "");
  for (const id of ids) clauseOf(id);
  const until = options.until ?? clause.until;
  return {
    id: clause.id,
    suite: "osb",
    title: clause.id.replaceAll("-", " "),
    level: clause.level,
    clauses: ids,
    section: clause.section,
    requirement: clause.text,
    since: clause.since,
    ...options,
    ...(until === undefined ? {} : { until }),
    run,
  };
}

/** A check that sends requests. Level, versions, section and requirement are those of its first clause. */
export function probe(clauses: string | readonly string[], run: RunCheck, options: CheckOptions = {}): OsbCheck {
  return define(clauses, run, options);
}

/** A check that judges what the whole run has seen. */
export function review(clauses: string | readonly string[], run: RunCheck, options: CheckOptions = {}): OsbCheck {
  return define(clauses, run, { ...options, instances: 0, phase: "review" });
}
