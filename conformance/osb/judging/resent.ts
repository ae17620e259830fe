import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass, warn } from "../../runner/check.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { operationOf } from "../sequences/flights/flight.ts";

/** The answer to a request that was sent again while it was being carried out. */
export function judgeResent(answer: Answer): Outcome {
  if (answer.status === 422 && bodyOf(answer)["error"] === "ConcurrencyError")
    return warn("202", seenOf(answer), answer);
  return expectStatus(answer, [202]);
}

/** The 202 to a repeated request returns the operation of the first one. */
export function judgeSameOperation(started: Answer, resent: Answer): Outcome {
  if (resent.status !== 202) return notApplicable("the repeat was not answered 202", started, resent);
  const [first, second] = [operationOf(started), operationOf(resent)];
  if (first === second) return pass(started, resent);
  return fail(`the operation of the first answer, "${first}"`, `"${second}"`, started, resent);
}
