import type { Judged } from "../conformance/runner/events.ts";

/** How many plans a line names; the others are counted. */
const PLANS_NAMED_MAX = 4;

/** The plans under test, in a line: `2 plans: db/small, db/large`. */
export function plansJudged({ plans }: Judged): string {
  const named = plans.slice(0, PLANS_NAMED_MAX).map(({ service, plan }) => `${service}/${plan}`);
  const more = plans.length - named.length;
  const count = `${plans.length} ${plans.length === 1 ? "plan" : "plans"}`;
  return `${count}${named.length === 0 ? "" : `: ${named.join(", ")}`}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * The subject of the judgement in one line: the plans under test, the version of the API, and the reason for
 * that version.
 */
export const judgedLine = (judged: Judged): string => `${plansJudged(judged)}. ${judged.version}`;
