import type { Answer } from "../../../client/answer.ts";
import { fail, type Outcome, pass } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectErrorOf422, expectStatus, ordinaryRefusal, seenOf } from "../../judge.ts";
import { judgeLifecycles } from "../../judging/lifecycles.ts";
import { asyncOffer } from "../../sequences/asynchronous-plans.ts";
import type { Lifecycle } from "../../sequences/lifecycles.ts";
import { isSuccess } from "../../../client/request.ts";

/** Without the flag: 422 where the broker cannot do it at once. */
async function provisionWithoutFlag(context: OsbContext, query: Readonly<Record<string, string>>): Promise<Answer> {
  return context.provision(await asyncOffer(context), context.platform.newId(), { query, intent: "bad" });
}

function judgeCreated({ offer, provision, fetched, binds, deprovision }: Lifecycle): Outcome {
  const { answer } = provision;
  if (answer.status >= 400 && answer.status < 500) return ordinaryRefusal(answer);
  if (provision.state !== "succeeded") {
    return fail(
      `plan "${offer.plan.name}" to be provisioned`,
      `${seenOf(answer)}, ${provision.state}`,
      answer,
      ...provision.polls,
    );
  }
  const isThere = fetched?.status === 200 || binds.some((bind) => bind.state === "succeeded");
  if (isThere || (deprovision !== undefined && isSuccess(deprovision.answer))) return pass(answer);
  return fail("an instance that can be fetched, bound or deleted", "none of it works", answer);
}

/** Checks of spec.md, "Provisioning": what is created, and how that is answered. */
export const provisioningCreationChecks: readonly OsbCheck[] = [
  probe({
    id: "provision-creates-resource",
    title: "A provisioned instance can be fetched, bound or deleted",
    requirement: "A provision request makes the broker create an instance that the rest of the API can work with.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeCreated),
  }),
  probe({
    id: "provision-accepts-incomplete-422",
    title: "An asynchronous provision without accepts_incomplete is refused with 422",
    requirement:
      "A plan that can only be provisioned asynchronously is refused with 422 when accepts_incomplete=true is missing.",
    clauses: ["provision-accepts-incomplete-422", "async-required-422"],
    run: async (context) => expectStatus(await provisionWithoutFlag(context, {}), [201, 422]),
  }),
  probe({
    id: "provision-422-async-error-code",
    title: "The refusal of a synchronous provision carries AsyncRequired",
    requirement: "The 422 for a missing accepts_incomplete carries the error code AsyncRequired.",
    clauses: ["provision-422-async-error-code", "async-required-error-code", "error-codes-prescribed"],
    run: async (context) => {
      return expectErrorOf422(await provisionWithoutFlag(context, {}), "AsyncRequired");
    },
  }),
  probe({
    id: "provision-accepts-incomplete-false",
    title: "accepts_incomplete=false counts as absent",
    requirement: "accepts_incomplete=false equals absence.",
    run: async (context) =>
      expectStatus(await provisionWithoutFlag(context, { accepts_incomplete: "false" }), [201, 422]),
  }),
  probe({
    id: "provision-201",
    title: "A successful provision is answered 201 or 202",
    requirement: "A synchronous creation is answered 201, one that is in progress 202.",
    clauses: ["provision-201", "provision-202", "async-202"],
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(context, ({ provision: { answer } }) =>
        isSuccess(answer) ? expectStatus(answer, [201, 202]) : undefined,
      ),
  }),
];
