import type { Answer } from "../../client/answer.ts";
import { followsFrom, type Outcome } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus } from "../judge.ts";
import { judgeEvery } from "../judging/every-answer.ts";
import { attemptProvision } from "../variations/attempts.ts";
import { unlessOrdinaryFails } from "../variations/judging.ts";
import { ANY } from "../plan-requirements.ts";

/** A provision that declares another type than JSON, or none. */
async function provisionTyped(context: OsbContext, contentType: string | null): Promise<Answer> {
  const headers = { "Content-Type": contentType };
  return attemptProvision(context, context.offer(ANY), { headers, intent: "bad" });
}

async function judgeOtherType(context: OsbContext): Promise<Outcome> {
  const answer = await provisionTyped(context, "text/plain");
  return unlessOrdinaryFails(
    context,
    "provision",
    context.offer(ANY),
    answer,
    expectStatus(answer, ["2xx", 400], ["4xx"]),
  );
}

/** A body without a type is refused just like one with another type: one fault, if it is one. */
async function judgeUntyped(context: OsbContext): Promise<Outcome> {
  const answer = await provisionTyped(context, null);
  const judged = expectStatus(answer, ["2xx", 400], ["4xx"]);
  const outcome = await unlessOrdinaryFails(context, "provision", context.offer(ANY), answer, judged);
  if (outcome.verdict === "pass" || outcome.verdict === "unknown") return outcome;
  if ((await provisionTyped(context, "text/plain")).status !== answer.status) return outcome;
  return followsFrom("request-content-type-mismatch-400", `every other type is answered ${answer.status}`, answer);
}

/** Checks of spec.md, "Content Type". */
export const contentTypeChecks: readonly OsbCheck[] = [
  probe({
    id: "request-content-type-missing-tolerated",
    title: "A body without Content-Type is processed or refused with 400",
    requirement: "A broker may process a body that declares no Content-Type.",
    run: judgeUntyped,
  }),
  probe({
    id: "request-content-type-mismatch-400",
    title: "A body of another Content-Type is processed or refused with 400",
    requirement: "A broker that refuses a body because of its Content-Type should answer 400.",
    run: judgeOtherType,
  }),
  review({
    id: "response-content-type-json",
    title: "Answers with a body declare application/json",
    requirement: "Responses with a body should declare application/json.",
    run: judgeEvery(
      "Content-Type application/json",
      ({ bytes }) => bytes.byteLength > 0,
      ({ headers }) =>
        /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")
          ? undefined
          : (headers["content-type"] ?? "none"),
      "no answer has a body",
    ),
  }),
];
