import type { Check, Outcome } from "../../runner/check.ts";
import type { Level, Severity, SuiteName } from "../../runner/events.ts";
import { checkOf } from "../../runner/requirement.ts";

/** A planned check of a suite, built or not. */
export interface PlannedCheck {
  readonly id: string;
  /** The requirement, in a few words. */
  readonly title: string;
  readonly severity: Severity;
  /** Heading under which reports list it. */
  readonly group: string;
  /** The requirements on the target: claims, vantages, operations, hooks. */
  readonly needs: string;
}

type Row = readonly [id: string, title: string, severity: Severity, group: string, needs: string];

/** The plan of a suite, a row for each check. */
export const planOf = (rows: readonly Row[]): readonly PlannedCheck[] =>
  rows.map(([id, title, severity, group, needs]) => ({ id, title, severity, group, needs }));

/** How a check of a plan is carried out. */
interface Plan<C> {
  /** The requirement in our words. */
  readonly requirement: string;
  /** How many service instances it has at once. Default: 1. */
  readonly instances?: number;
  readonly exclusive?: boolean;
  /** Default: MUST, or SHOULD if the severity is low. */
  readonly level?: Level;
  readonly run: (context: C) => Promise<Outcome>;
}

/** Makes the check of a row of a plan, by its id. */
export type MakeCheck<C> = (id: string, plan: Plan<C>) => Check<C>;

/** Makes the checks of a suite from the rows of its plan. */
export function plannedChecks<C>(suite: SuiteName, rows: readonly PlannedCheck[]): MakeCheck<C> {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return (id, { instances = 1, level, run, ...plan }) => {
    const row = byId.get(id);
    if (row === undefined) throw new Error(`${id} is not in the plan of the suite ${suite}`);
    const { title, severity, group } = row;
    const bound = level ?? (severity === "low" ? "SHOULD" : "MUST");
    return checkOf(suite, { id, title, severity, level: bound, section: group, instances, ...plan }, run);
  };
}
