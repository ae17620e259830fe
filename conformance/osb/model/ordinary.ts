import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { type Lifecycle, lifecycleOf, lifecycleUpTo } from "../sequences/lifecycles.ts";
import type { Shared } from "../shared-instances.ts";
import { isSuccess } from "../../client/request.ts";
import type { Outcome } from "../../runner/check.ts";
import { type Fact, factOf, followsFromFact } from "./fact.ts";
import { describeRefusal } from "./refusals.ts";
import { evidenceOfEnd, JUDGED_BY, type Stage } from "./stages.ts";

function endsOf(lifecycle: Lifecycle, stage: Stage) {
  const { provision, binds, unbind, deprovision } = lifecycle;
  return { provision, bind: binds.find(({ state }) => state !== "succeeded") ?? binds[0], unbind, deprovision }[stage];
}

/**
 * Whether what any platform would send is accepted. If it is refused, a refusal of something else proves nothing: it may have the same reason.
 * Undefined if it was not tried.
 */
export async function acceptsOrdinary(shared: Shared, stage: Stage, offer: Offer): Promise<Fact<boolean>> {
  const isEarly = stage === "provision" || stage === "bind";
  const lifecycle = await (isEarly ? lifecycleUpTo(shared, stage, offer) : lifecycleOf(shared, offer));
  const ended = endsOf(lifecycle, stage);
  const isAccepted = ended === undefined ? undefined : ended.state !== "refused";
  return factOf(isAccepted, JUDGED_BY[stage], ...(ended === undefined ? [] : evidenceOfEnd(ended)));
}

/**
 * How a check judges an answer, unless the ordinary request of this kind is not accepted either: then a refusal follows from that, and so does a
 * 5xx if the ordinary request is answered 5xx. What was accepted is judged on its own.
 */
export async function unlessOrdinaryRefused(
  shared: Shared,
  stage: Stage,
  offer: Offer,
  { answer, outcome }: { readonly answer: Answer; readonly outcome: Outcome },
): Promise<Outcome> {
  if (isSuccess(answer)) return outcome;
  const fact = await acceptsOrdinary(shared, stage, offer);
  const [refusal] = fact.evidence;
  if (fact.value !== false || refusal === undefined) return outcome;
  if (answer.status >= 500 && refusal.status < 500) return outcome;
  const reason = `an ordinary ${stage} is refused as well: ${describeRefusal(refusal)}`;
  return followsFromFact(fact, reason, answer);
}
