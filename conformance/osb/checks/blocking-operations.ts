import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { expectErrorOf422, expectStatus, seenOf } from "../judge.ts";
import { onUnlikeAsyncPlans } from "../sequences/asynchronous-plans.ts";
import { judgeMeanwhile } from "../sequences/flights/flight.ts";
import { flightOfProvision } from "../sequences/flights/provision.ts";
import { lifecycleUpTo } from "../sequences/lifecycles.ts";
import { updateRefusal } from "../sequences/updates.ts";

/** Judges what an update and a bind are answered while their instance is being made. */
const judgeDuringProvision = (judge: (answer: Answer) => Outcome) => (whole: OsbContext) =>
  onUnlikeAsyncPlans(whole, "provision", async (context, offer) => {
    const flight = await flightOfProvision(context.shared, offer);
    const { binds } = await lifecycleUpTo(context.shared, "bind", offer);
    const refusals = {
      update: await updateRefusal(context),
      bind: binds[0]?.state === "refused" ? binds[0].answer : undefined,
    };
    const judged = (["update", "bind"] as const).map((name) => {
      const refusal = refusals[name];
      if (refusal !== undefined) return notApplicable(`an ordinary ${name} is refused as well`, refusal);
      return judgeMeanwhile(flight, name, judge);
    });
    return worstOf(judged);
  });

function judgeDescription(answer: Answer): Outcome {
  if (answer.status !== 422)
    return notApplicable(
      `it is about the description of a refusal with 422, and this is answered ${seenOf(answer)}`,
      answer,
    );
  const text = bodyOf(answer)["description"];
  return typeof text === "string" && text !== "" ? pass(answer) : fail("a description", "none", answer);
}

/** Checks of spec.md, "Blocking Operations". */
export const blockingOperationsChecks: readonly OsbCheck[] = [
  probe({
    id: "concurrency-422",
    title: "Requests meanwhile are accepted or refused with 422",
    requirement: "An update or a bind that is refused because the instance is still being provisioned is answered 422.",
    needs: { exclusive: true },
    run: judgeDuringProvision((answer) => expectStatus(answer, ["2xx", 422])),
  }),
  probe({
    id: "concurrency-error-code",
    title: "The refusal of a concurrent request carries ConcurrencyError",
    requirement: "The 422 for a request during another operation carries the error code ConcurrencyError.",
    needs: { exclusive: true },
    run: judgeDuringProvision((answer) => expectErrorOf422(answer, "ConcurrencyError")),
  }),
  probe({
    id: "concurrency-legacy-description",
    title: "The refusal of a concurrent request describes itself (2.12 and 2.13)",
    requirement: "In versions 2.12 and 2.13 the 422 for a request during another operation has a description.",
    needs: { exclusive: true },
    run: judgeDuringProvision(judgeDescription),
  }),
];
