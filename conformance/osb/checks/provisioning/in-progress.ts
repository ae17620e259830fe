import type { Answer } from "../../../client/answer.ts";
import type { Outcome } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { judgeConflictInProgress } from "../../judging/conflict-in-progress.ts";
import { judgeResent, judgeSameOperation } from "../../judging/resent.ts";
import { onUnlikeAsyncPlans } from "../../sequences/asynchronous-plans.ts";
import { judgeMeanwhile } from "../../sequences/flights/flight.ts";
import { flightOfProvision } from "../../sequences/flights/provision.ts";

const judgeResentProvision = (judge: (answer: Answer, started: Answer) => Outcome) => (whole: OsbContext) =>
  onUnlikeAsyncPlans(whole, "provision", async ({ shared }, offer) => {
    const flight = await flightOfProvision(shared, offer);
    return judgeMeanwhile(flight, "resent", (answer) => judge(answer, flight.started));
  });

const judgeConflictingProvision = (whole: OsbContext): Promise<Outcome> =>
  onUnlikeAsyncPlans(whole, "provision", async (context, offer) => {
    const flight = await flightOfProvision(context.shared, offer);
    return judgeMeanwhile(flight, "conflict", (answer) =>
      judgeConflictInProgress(answer, "provision-conflict-409", async () => {
        const { id } = await context.freshOf(offer);
        const later = await context.provision(offer, id, { body: answer.sent, intent: "bad" });
        await context.platform.settle(offer, later);
        return later;
      }),
    );
  });

/** Checks of spec.md, "Provisioning": the same id again while the first request is in progress. */
export const provisioningInProgressChecks: readonly OsbCheck[] = [
  probe({
    id: "provision-resent-while-in-progress-202",
    title: "The same provision sent again while in progress is answered 202",
    requirement: "An identical provision sent again before the first has ended is answered 202, not 200.",
    needs: { exclusive: true },
    run: judgeResentProvision((answer) => judgeResent(answer)),
  }),
  probe({
    id: "provision-resent-same-operation",
    title: "The same provision sent again returns the same operation",
    requirement: "The 202 for a provision that is sent again repeats the operation of the first answer.",
    needs: { exclusive: true },
    run: judgeResentProvision((answer, started) => judgeSameOperation(started, answer)),
  }),
  probe({
    id: "provision-conflict-while-in-progress-409",
    title: "A conflicting provision while the first is in progress is answered 409",
    requirement:
      "A provision under the same id with other attributes is answered 409 also while the first is in progress.",
    needs: { exclusive: true },
    run: judgeConflictingProvision,
  }),
];
