import type { Answer } from "../../../client/answer.ts";
import { fail, type Outcome, pass, unknown } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectErrorOf422, expectStatus, expectStatusOf } from "../../judge.ts";
import { judgeLifecycles } from "../../judging/lifecycles.ts";
import { judgeBadEnd } from "../../model/stages.ts";
import { expectUnflagged } from "../removal.ts";
import { onEachAsyncPlan } from "../../sequences/asynchronous-plans.ts";
import type { Lifecycle } from "../../sequences/lifecycles.ts";
import { isSuccess } from "../../../client/request.ts";

/** Without the flag, on each plan that is asynchronous: 422 where the broker cannot do it at once. */
const provisionWithoutFlag =
  (judge: (answer: Answer) => Outcome) =>
  (whole: OsbContext): Promise<Outcome> =>
    onEachAsyncPlan(whole, "provision", async (context, offer) =>
      judge(await context.provisionNew(offer, { query: {}, intent: "bad" })),
    );

/** Who takes `false` for `true` but not absence for it has a fault of its own. */
const judgeFalseFlag = (whole: OsbContext): Promise<Outcome> =>
  onEachAsyncPlan(whole, "provision", async (context, offer) => {
    const ask = (query: Readonly<Record<string, string>>) => context.provisionNew(offer, { query, intent: "bad" });
    const answer = await ask({ accepts_incomplete: "false" });
    if (answer.status !== 202) return expectStatus(answer, [201, 422]);
    const absent = await ask({});
    return absent.status === 202 ? expectUnflagged(absent, 201) : expectStatus(answer, [201, 422]);
  });

function judgeCreated({ offer, provision, fetched, binds, deprovision, controls, brokenOff }: Lifecycle): Outcome {
  const { answer } = provision;
  if (provision.state !== "succeeded")
    return judgeBadEnd("provision", `plan "${offer.plan.name}" to be provisioned`, provision);
  const isFetched = fetched?.status === 200 && controls.fetchInstance?.status !== 200;
  if (isFetched || binds.some((bind) => bind.state === "succeeded")) return pass(answer, ...(fetched ? [fetched] : []));
  if (deprovision === undefined) return unknown(brokenOff?.blame ?? "it was not looked for afterwards", answer);
  if (isSuccess(deprovision.answer)) return pass(answer, deprovision.answer);
  const evidence = [answer, fetched, binds[0]?.answer, deprovision.answer].filter((each) => each !== undefined);
  return fail("an instance that can be fetched, bound or deleted", "none of it works", ...evidence);
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
    run: provisionWithoutFlag((answer) => expectUnflagged(answer, 201)),
  }),
  probe({
    id: "provision-422-async-error-code",
    title: "The refusal of a synchronous provision carries AsyncRequired",
    requirement: "The 422 for a missing accepts_incomplete carries the error code AsyncRequired.",
    clauses: ["provision-422-async-error-code", "async-required-error-code", "error-codes-prescribed"],
    run: provisionWithoutFlag((answer) => expectErrorOf422(answer, "AsyncRequired")),
  }),
  probe({
    id: "provision-accepts-incomplete-false",
    title: "accepts_incomplete=false counts as absent",
    requirement: "accepts_incomplete=false equals absence.",
    run: judgeFalseFlag,
  }),
  probe({
    id: "provision-201",
    title: "A successful provision is answered 201 or 202",
    requirement: "A synchronous creation is answered 201, one that is in progress 202.",
    clauses: ["provision-201", "provision-202", "async-202"],
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(context, ({ provision }) =>
        isSuccess(provision.answer) ? expectStatusOf(provision, [201, 202]) : undefined,
      ),
  }),
];
