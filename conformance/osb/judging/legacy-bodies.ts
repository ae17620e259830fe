import type { Answer } from "../../client/answer.ts";
import { isObject } from "../../client/http/json.ts";
import { followsFrom, type Outcome } from "../../runner/check.ts";
import { bodyCheckOf, isUndeserved } from "../bodies.ts";
import type { OsbContext } from "../context.ts";
import { standardAnswers } from "../sequences/standard-answers.ts";
import { judgeEvery } from "./every-answer.ts";

/** Up to 2.13 each body is an object. Most operations have clauses of their own for the body of a success; then it is their finding. */
export async function judgeLegacyBodies(context: OsbContext): Promise<Outcome> {
  const isRuled = (answer: Answer): boolean => bodyCheckOf(answer, context.minor) !== undefined;
  const judge = (applies: (answer: Answer) => boolean) =>
    judgeEvery(
      "a JSON object",
      (answer) => answer.status !== 304 && !isUndeserved(answer) && applies(answer),
      (answer) => (isObject(answer.json) ? undefined : (answer.problem ?? "another kind of JSON")),
      "no answers",
    )(context);
  const own = await judge((answer) => !isRuled(answer));
  if (own.verdict === "fail") return own;
  const wrong = (await standardAnswers(context)).find(
    (answer) => isRuled(answer) && !isUndeserved(answer) && !isObject(answer.json),
  );
  const judgedBy = wrong === undefined ? undefined : bodyCheckOf(wrong, context.minor);
  return wrong === undefined || judgedBy === undefined
    ? judge(() => true)
    : followsFrom(judgedBy, `${wrong.problem ?? "another kind of JSON"} (${wrong.operation})`, wrong);
}
