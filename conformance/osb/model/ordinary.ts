import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { type Lifecycle, lifecycleOf } from "../sequences/lifecycles.ts";
import type { Shared } from "../shared-instances.ts";
import type { Outcome } from "../../runner/check.ts";
import { type Fact, factOf, followsFromFact } from "./fact.ts";
import { describeRefusal } from "./refusals.ts";
import { evidenceOfEnd, JUDGED_BY, type Stage } from "./stages.ts";

function endsOf(lifecycle: Lifecycle, stage: Stage) {
  const { provision, binds, unbind, deprovision } = lifecycle;
  return { provision, bind: binds.find(({ state }) => state !== "succeeded") ?? binds[0], unbind, deprovision }[stage];
}

/**
 * Whether what any platform would send is accepted. Where it is refused, a refusal of something else proves nothing: it may have
 * been for the same reason. Undefined where it was not tried.
 */
export async function acceptsOrdinary(shared: Shared, stage: Stage, offer: Offer): Promise<Fact<boolean>> {
  const ended = endsOf(await lifecycleOf(shared, offer), stage);
  const isAccepted = ended === undefined ? undefined : ended.state !== "refused";
  return factOf(isAccepted, JUDGED_BY[stage], ...(ended === undefined ? [] : evidenceOfEnd(ended)));
}

const isRefusal = ({ status }: Answer): boolean => status >= 400 && status < 500;

/**
 * What a check makes of an answer, unless that is a refusal at a broker that refuses the ordinary request of this kind too: then it
 * follows from that. A success and a 5xx stand for themselves.
 */
export async function unlessOrdinaryRefused(
  shared: Shared,
  stage: Stage,
  offer: Offer,
  { answer, outcome }: { readonly answer: Answer; readonly outcome: Outcome },
): Promise<Outcome> {
  if (!isRefusal(answer)) return outcome;
  const fact = await acceptsOrdinary(shared, stage, offer);
  const [refusal] = fact.evidence;
  if (fact.value !== false || refusal === undefined) return outcome;
  const reason = `an ordinary ${stage} is refused as well: ${describeRefusal(refusal)}`;
  return followsFromFact(fact, reason, answer);
}
