import type { Answer } from "../../../client/answer.ts";
import { type Outcome, pass } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectStatusOrBusy } from "../../judge.ts";
import { judgeConflictInProgress } from "../../judging/conflict-in-progress.ts";
import { judgeResent, judgeSameOperation } from "../../judging/resent.ts";
import { onUnlikeAsyncPlans } from "../../sequences/asynchronous-plans.ts";
import { flightOfBind } from "../../sequences/flights/bind.ts";
import { judgeMeanwhile } from "../../sequences/flights/flight.ts";
import { isSuccess } from "../../../client/request.ts";

const judgeDuringBind = (name: string, judge: (answer: Answer, started: Answer) => Outcome) => (whole: OsbContext) =>
  onUnlikeAsyncPlans(whole, "bind", async ({ shared }, offer) => {
    const flight = await flightOfBind(shared, offer);
    return judgeMeanwhile(flight, name, (answer) => judge(answer, flight.started));
  });

const judgeConcurrentBind = (answer: Answer): Outcome => {
  if (isSuccess(answer)) return pass(answer);
  return expectStatusOrBusy(answer, ["2xx", 422]);
};

const judgeConflictingBind = (whole: OsbContext): Promise<Outcome> =>
  onUnlikeAsyncPlans(whole, "bind", async (context, offer) => {
    const flight = await flightOfBind(context.shared, offer);
    return judgeMeanwhile(flight, "conflict", (answer) =>
      judgeConflictInProgress(answer, "bind-conflict-409", async () => {
        const { live, id } = await context.bindTo(await context.freshOf(offer));
        const later = await context.bind(live, id, { body: answer.sent, intent: "bad" });
        await context.platform.settle(live.offer, later);
        return later;
      }),
    );
  });

/** Checks of spec.md, "Binding": other binds while one is in progress. */
export const bindingInProgressChecks: readonly OsbCheck[] = [
  probe({
    id: "bind-resent-while-in-progress-202",
    title: "The same bind sent again while in progress is answered 202",
    requirement: "An identical bind sent again before the first has ended is answered 202.",
    needs: { exclusive: true },
    run: judgeDuringBind("resent", (answer) => judgeResent(answer)),
  }),
  probe({
    id: "bind-resent-same-operation",
    title: "The same bind sent again returns the same operation",
    requirement: "The 202 for a bind that is sent again repeats the operation of the first answer.",
    needs: { exclusive: true },
    run: judgeDuringBind("resent", (answer, started) => judgeSameOperation(started, answer)),
  }),
  probe({
    id: "bind-conflict-while-in-progress-409",
    title: "A conflicting bind while the first is in progress is answered 409",
    requirement: "A bind under the same id with other parameters is answered 409 also while the first is in progress.",
    needs: { exclusive: true },
    run: judgeConflictingBind,
  }),
  probe({
    id: "bind-concurrent-422",
    title: "A second bind of the instance meanwhile succeeds or is answered 422",
    requirement:
      "A bind that is refused because another binding of the instance is in progress is answered 422 with ConcurrencyError.",
    needs: { exclusive: true },
    run: judgeDuringBind("second", judgeConcurrentBind),
  }),
];
