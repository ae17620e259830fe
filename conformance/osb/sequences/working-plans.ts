import type { Offer } from "../../client/catalog.ts";
import { isBindable } from "../../client/catalog.ts";
import { isSuccess } from "../../client/request.ts";
import { NoAnswer } from "../../client/no-answer.ts";
import type { OsbContext } from "../context.ts";
import type { PlanRequirement } from "../plan-requirements.ts";
import { firstAnswerTo, lifecycleOffers, lifecycleUpTo } from "./lifecycles.ts";

async function doesWork(context: OsbContext, offer: Offer): Promise<boolean> {
  try {
    const { provision, binds } = await lifecycleUpTo(context.shared, "bind", offer);
    const areBound = binds.length > 0 && binds.every(({ state }) => state === "succeeded");
    return provision.state === "succeeded" && (areBound || !isBindable(offer));
  } catch (error) {
    if (error instanceof NoAnswer) return false;
    throw error;
  }
}

/** The plans of which an ordinary instance can be created, and bound if they offer that, in the order of the catalog. */
export async function workingOffers(context: OsbContext): Promise<readonly Offer[]> {
  const offers = lifecycleOffers(context.shared);
  const works = await Promise.all(offers.map((offer) => doesWork(context, offer)));
  return offers.filter((_, at) => works[at]);
}

/**
 * The first plan that meets a requirement and whose ordinary provision is not refused; the first that meets it if all are.
 *
 * @throws Verdicted not applicable if none meets it
 */
export async function acceptedOffer(context: OsbContext, requirement: PlanRequirement): Promise<Offer> {
  const first = context.offer(requirement);
  for (const offer of [first, ...lifecycleOffers(context.shared).filter((each) => each !== first)]) {
    const answer = requirement.fits(offer) ? await firstAnswerTo(context.shared, "provision", offer) : undefined;
    if (answer !== undefined && isSuccess(answer)) return offer;
  }
  return first;
}
