import { bodyOf } from "../../../client/http/observation.ts";
import type { Answer } from "../../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectStatus } from "../../judge.ts";
import { planChangeRecords } from "../../sequences/updates.ts";
import { unlessOrdinaryRefused } from "../../model/ordinary.ts";
import { worstTried } from "../../variations/tried.ts";
import { isSuccess } from "../../../client/request.ts";

/** Judges each plan change that was refused. A plan that cannot be provisioned as usual may need something that was not sent. */
async function judgeRefusedChanges(context: OsbContext, judge: (answer: Answer) => Outcome): Promise<Outcome> {
  const records = (await planChangeRecords(context)).filter(({ settled }) => !isSuccess(settled.answer));
  if (records.length === 0) return notApplicable("every plan change that was tried is supported");
  const tried = records.map(async ({ live, change, settled: { answer } }) => {
    const target = context.run.offers.find(({ plan }) => plan.id === change.planId) ?? live.offer;
    const outcome = judge(answer);
    return {
      words: `to ${change.words}`,
      outcome:
        outcome.verdict === "pass"
          ? outcome
          : await unlessOrdinaryRefused(context.shared, "provision", target, { answer, outcome }),
    };
  });
  return worstTried(await Promise.all(tried));
}

/** Checks of spec.md, "Updating a Service Instance": plan changes. */
export const updatingInstancePlansChecks: readonly OsbCheck[] = [
  probe({
    id: "update-unsupported-422",
    title: "An unsupported plan change is answered 422",
    requirement: "A plan change that the broker does not support, or not in the instance's state, is answered 422.",
    run: (context) => judgeRefusedChanges(context, (answer) => expectStatus(answer, [422])),
  }),
  probe({
    id: "update-unsupported-plan-message",
    title: "The refusal of a plan change says why",
    requirement: "The refusal of a plan change comes with a meaningful description.",
    run: (context) =>
      judgeRefusedChanges(context, (answer) => {
        const text = bodyOf(answer)["description"];
        return typeof text === "string" && text !== "" ? pass(answer) : fail("a description of why", "none", answer);
      }),
  }),
];
