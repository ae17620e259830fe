import type { Answer } from "../../client/answer.ts";
import { isSuccess } from "../../client/request.ts";
import { followsFrom, notApplicable, type Outcome, Verdicted } from "../../runner/check.ts";
import { expectStatusOrBusy, seenOf } from "../judge.ts";
import { areInvented } from "../variations/parameters.ts";

/**
 * Judges the answer to a request with other attributes under the id of something that is in progress. If such a request is accepted under the id of
 * something finished as well, that is one fault, and another check's finding. `later` sends that request.
 */
export async function judgeConflictInProgress(
  answer: Answer,
  judgedBy: string,
  later: () => Promise<Answer>,
): Promise<Outcome> {
  const isRefused = answer.status >= 400 && answer.status < 500;
  if (isRefused && ![409, 422].includes(answer.status) && areInvented(answer.sent))
    return notApplicable(`the broker may not know the parameters that would conflict: ${seenOf(answer)}`, answer);
  const outcome = expectStatusOrBusy(answer, [409]);
  if (!isSuccess(answer)) return outcome;
  const control = await orUndefined(later);
  return control !== undefined && isSuccess(control)
    ? followsFrom(judgedBy, `it is answered ${seenOf(control)} after the end as well`, answer, control)
    : outcome;
}

/** What is in progress may never end: then the answer is judged on its own. */
async function orUndefined(later: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await later();
  } catch (error) {
    if (error instanceof Verdicted) return undefined;
    throw error;
  }
}
