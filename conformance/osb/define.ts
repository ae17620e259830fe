import type { Level } from "../runner/events.ts";
import type { Check, Outcome } from "../runner/check.ts";
import { NoAnswer } from "../client/no-answer.ts";
import { judgeUnanswered } from "./judging/unanswered.ts";
import { clauseOf } from "./clauses.ts";
import type { OsbContext } from "./context.ts";
import type { SpecMinor } from "../client/spec-version.ts";

/** A check of the OSB suite, complete with what its clauses say. */
export type OsbCheck = Check<OsbContext>;

/** What a check takes of the run beyond a client of its own. */
interface CheckNeeds {
  /** Service instances that it holds at once, at most. Default 1. */
  readonly instances?: number;
  /** Asks for many operations one after the other, so that it begins first. Default false. */
  readonly isLong?: boolean;
  /** Runs alone, because it holds or breaks what stands behind the broker. Default false. */
  readonly exclusive?: boolean;
}

/** A check as its file writes it. Section, level and versions are those of its first clause, unless it says otherwise. */
interface CheckDefinition {
  /** Public: baselines and reports name checks by it. */
  readonly id: string;
  /** What a sound broker does, as one short sentence. */
  readonly title: string;
  /** What the specification demands, in our words. */
  readonly requirement: string;
  /** The clauses that it judges, the one that it is about first. Default: the clause that has the check's id. */
  readonly clauses?: readonly string[];
  readonly level?: Level;
  /** Binds from this version of the API … */
  readonly since?: SpecMinor;
  /** … to this one, both inclusive. */
  readonly until?: SpecMinor;
  readonly needs?: CheckNeeds;
  readonly run: (context: OsbContext) => Promise<Outcome> | Outcome;
}

/** @throws Error when a clause does not exist */
function define({ needs, ...check }: CheckDefinition): OsbCheck {
  const clauses = (check.clauses ?? [check.id]).map(clauseOf);
  const [first = clauseOf(check.id)] = clauses;
  const until = check.until ?? first.until;
  return {
    suite: "osb",
    level: first.level,
    section: first.section,
    since: first.since,
    ...(until === undefined ? {} : { until }),
    ...needs,
    ...check,
    clauses: clauses.map(({ id }) => id),
    run: (context) => runOrJudge(check, context),
  };
}

/** Runs a check; a request that the broker leaves without an answer is judged, or follows from the check that judges it. @throws NoAnswer */
async function runOrJudge({ id, run }: Pick<CheckDefinition, "id" | "run">, context: OsbContext): Promise<Outcome> {
  try {
    return await run(context);
  } catch (error) {
    const judged = error instanceof NoAnswer ? await judgeUnanswered(id, context, error) : undefined;
    if (judged === undefined) throw error;
    return judged;
  }
}

/**
 * A check that sends requests.
 *
 * @throws Error when a clause does not exist
 */
export function probe(check: CheckDefinition): OsbCheck {
  return define(check);
}

/**
 * A check that judges what the whole run has sent and received; it runs last and sends nothing.
 *
 * @throws Error when a clause does not exist
 */
export function review(check: CheckDefinition): OsbCheck {
  return { ...define({ ...check, needs: { instances: 0 } }), phase: "review" };
}
