import type { Answer } from "../../../client/answer.ts";
import type { Outcome } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { judgeResent, judgeSameOperation } from "../../judging/resent.ts";
import { onUnlikeAsyncPlans } from "../../sequences/asynchronous-plans.ts";
import { judgeMeanwhile } from "../../sequences/flights/flight.ts";
import { flightOfUpdate } from "../../sequences/flights/update.ts";

const judgeResentUpdate = (judge: (answer: Answer, started: Answer) => Outcome) => (whole: OsbContext) =>
  onUnlikeAsyncPlans(whole, "update", async ({ shared }, offer) => {
    const flight = await flightOfUpdate(shared, offer);
    return judgeMeanwhile(flight, "resent", (answer) => judge(answer, flight.started));
  });

/** Checks of spec.md, "Updating a Service Instance": the same update again while the first is in progress. */
export const updatingInstanceInProgressChecks: readonly OsbCheck[] = [
  probe({
    id: "update-resent-while-in-progress-202",
    title: "The same update sent again while in progress is answered 202",
    requirement: "An identical PATCH sent again before the first has ended is answered 202.",
    needs: { exclusive: true },
    run: judgeResentUpdate((answer) => judgeResent(answer)),
  }),
  probe({
    id: "update-resent-same-operation",
    title: "The same update sent again returns the same operation",
    requirement: "The 202 for an update that is sent again repeats the operation of the first answer.",
    needs: { exclusive: true },
    run: judgeResentUpdate((answer, started) => judgeSameOperation(started, answer)),
  }),
];
