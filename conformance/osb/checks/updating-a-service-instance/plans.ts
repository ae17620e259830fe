import { bodyOf } from "../../../client/http/observation.ts";
import type { Answer } from "../../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectStatus } from "../../judge.ts";
import { contextOf } from "../../request-bodies.ts";
import { PLAN_UPDATEABLE } from "../../sequences/updates.ts";
import { isSuccess } from "../../../client/request.ts";

/** Tries each plan of the offering in turn; a refusal has to be 422. */
async function everyPlan(context: OsbContext, judge: (answer: Answer) => Outcome): Promise<Outcome> {
  const offer = context.offer(PLAN_UPDATEABLE);
  const refusals: Answer[] = [];
  for (const plan of offer.service.plans.filter(({ id }) => id !== offer.plan.id).slice(0, 4)) {
    const live = await context.liveOf(offer);
    const body = {
      service_id: offer.service.id,
      plan_id: plan.id,
      context: contextOf(context.run),
      previous_values: { plan_id: offer.plan.id },
    };
    const answer = await context.update(live, body);
    await context.platform.settle(offer, answer);
    if (!isSuccess(answer)) refusals.push(answer);
    else await context.discard(live);
  }
  return refusals.length > 0
    ? worstOf(refusals.map(judge))
    : notApplicable("every plan change that was tried is supported");
}

/** Checks of spec.md, "Updating a Service Instance": plan changes. */
export const updatingInstancePlansChecks: readonly OsbCheck[] = [
  probe({
    id: "update-unsupported-422",
    title: "An unsupported plan change is answered 422",
    requirement: "A plan change that the broker does not support, or not in the instance's state, is answered 422.",
    run: (context) => everyPlan(context, (answer) => expectStatus(answer, [422], [400])),
  }),
  probe({
    id: "update-unsupported-plan-message",
    title: "The refusal of a plan change says why",
    requirement: "The refusal of a plan change comes with a meaningful description.",
    run: (context) =>
      everyPlan(context, (answer) => {
        const text = bodyOf(answer)["description"];
        return typeof text === "string" && text !== "" ? pass(answer) : fail("a description of why", "none", answer);
      }),
  }),
];
