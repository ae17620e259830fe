import type { Answer } from "../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import { areUpdatesOffered } from "../changes.ts";
import type { OsbContext } from "../context.ts";
import { standardAnswers } from "../sequences/standard-answers.ts";

/** Rules about every answer of the run, whatever it answered. */
export type Judge = (answer: Answer, context: OsbContext) => string | undefined;

/**
 * An answer of the server that a broker stands in, which knows no such route: an update where none is offered, or an id with a
 * character that the server does not let through. The specification says nothing of these.
 */
function isUnrouted({ operation, status, instanceId }: Answer, { run }: OsbContext): boolean {
  if (operation === "update" && [404, 405, 501].includes(status)) return !areUpdatesOffered(run);
  return status >= 400 && status < 500 && encodeURIComponent(instanceId) !== instanceId;
}

const placeOf = ({ operation, status }: Answer): string =>
  status < 400 ? operation : `in the ${status} to ${operation}`;

/**
 * Fails with the first of the standard answers that `problem` finds something wrong with, among those that `applies` to. What other checks send is
 * theirs to judge, so the verdict depends on the broker and not on what runs beside it.
 */
export function judgeEvery(expected: string, applies: (answer: Answer) => boolean, problem: Judge, absence: string) {
  return async (context: OsbContext): Promise<Outcome> => {
    const standard = await standardAnswers(context);
    const answers = standard.filter((answer) => applies(answer) && !isUnrouted(answer, context));
    if (answers.length === 0) return notApplicable(absence);
    const wrong = answers
      .map((answer) => ({ answer, seen: problem(answer, context) }))
      .filter(({ seen }) => seen !== undefined);
    const [first] = wrong;
    if (first === undefined) return pass(...answers.slice(0, 3));
    return fail(expected, `${first.seen} (${placeOf(first.answer)})`, ...wrong.slice(0, 3).map(({ answer }) => answer));
  };
}

/** Every answer. */
export const isAny = () => true;
