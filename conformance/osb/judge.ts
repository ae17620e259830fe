import { bodyOf } from "../client/http/observation.ts";
import type { Answer } from "../client/answer.ts";
import type { EndedOperation } from "../client/polling.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, unknown, warn } from "../runner/check.ts";
import { isSuccess } from "../client/request.ts";
import { describeRefusal } from "./model/refusals.ts";
import { JUDGED_BY } from "./model/stages.ts";

/** `404`, or `4xx` for the class. */
export type StatusRule = number | "2xx" | "4xx" | "5xx";

/** Whether an answer has one of these statuses. */
export function hasStatus(answer: Pick<Answer, "status">, rules: readonly StatusRule[]): boolean {
  return rules.some((rule) =>
    typeof rule === "number" ? rule === answer.status : Math.floor(answer.status / 100) === Number(rule[0]),
  );
}

/** An answer as a reader sees it: status, and the error code if it has one. */
export function seenOf(answer: Answer): string {
  const error = bodyOf(answer)["error"];
  return typeof error === "string" ? `${answer.status} with error ${error.slice(0, 60)}` : String(answer.status);
}

const joinStatuses = (rules: readonly StatusRule[]) => rules.join(" or ");

/** Passes on one set of statuses, warns on a second, fails on the rest. */
export function expectStatus(
  answer: Answer,
  good: readonly StatusRule[],
  tolerated: readonly StatusRule[] = [],
): Outcome {
  if (hasStatus(answer, good)) return pass(answer);
  const judge = hasStatus(answer, tolerated) ? warn : fail;
  return judge(`${answer.request.method} to be answered ${joinStatuses(good)}`, seenOf(answer), answer);
}

/** The same for the answer that began an operation: one that is still in progress is answered 202, whatever the answer claims. */
export function expectStatusOf({ answer, polls }: EndedOperation, good: readonly StatusRule[]): Outcome {
  const [poll] = polls;
  return poll !== undefined && answer.status !== 202
    ? fail(`${answer.request.method} to be answered 202 while it is in progress`, seenOf(answer), answer, poll)
    : expectStatus(answer, good);
}

/**
 * A refusal proves something only where the ordinary request is accepted: a broker may need parameters that no schema publishes.
 * Asks `ordinarily` only when `outcome` accuses.
 */
export async function unlessRefusedAnyway(outcome: Outcome, ordinarily: () => Promise<Answer>): Promise<Outcome> {
  if (outcome.verdict !== "fail" && outcome.verdict !== "warn") return outcome;
  // What was accepted is not a refusal, and may make the ordinary request wait.
  if (outcome.evidence?.some((each) => "status" in each && isSuccess(each))) return outcome;
  const ordinary = await ordinarily();
  return isSuccess(ordinary) ? outcome : ordinaryRefusal(ordinary);
}

/** Nothing can be said about a broker that refuses what any platform would send; that is the finding of that request's check. */
export function ordinaryRefusal(refusal: Answer): Outcome {
  const { operation } = refusal;
  const reason = `an ordinary ${operation} is answered ${describeRefusal(refusal)}`;
  return operation === "provision" || operation === "bind"
    ? followsFrom(JUDGED_BY[operation], reason, refusal)
    : unknown(reason, refusal);
}

/** The error code of an answer, exactly. */
export function expectError(answer: Answer, code: string): Outcome {
  const seen = bodyOf(answer)["error"];
  if (seen === code) return pass(answer);
  return fail(`error "${code}" in the body`, seen === undefined ? "no error code" : JSON.stringify(seen), answer);
}

/** The error code of a 422; not applicable to any other answer. */
export function expectErrorOf422(answer: Answer, code: string): Outcome {
  return answer.status === 422
    ? expectError(answer, code)
    : notApplicable(`only a refusal with 422 has the error code, and this is answered ${seenOf(answer)}`, answer);
}

/** One of these statuses; a 422 is judged by its error code. */
export function expectStatusOrBusy(answer: Answer, good: readonly StatusRule[]): Outcome {
  return answer.status === 422 ? expectError(answer, "ConcurrencyError") : expectStatus(answer, good);
}
