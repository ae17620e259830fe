import { notApplicable, type Outcome, unknown, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { obstacleTo, type Stage } from "../model/stages.ts";
import { ANY, type PlanRequirement } from "../plan-requirements.ts";
import { allLifecycles, lifecycleOffers, type Lifecycle } from "../sequences/lifecycles.ts";

/** What has to have been reached for a lifecycle to be judged, and why it is not applicable to those that came so far. */
interface Reach {
  /** Default `provision`. */
  readonly stage?: Stage;
  /** Default: that the broker does not offer what it is about. */
  readonly unmet?: string;
  /** What the catalog has to say of a plan for it to apply at all. Default: nothing. */
  readonly plan?: PlanRequirement;
}

/**
 * Judges every lifecycle. Where `judge` applies to none it is not applicable, or follows from what kept every instance from getting
 * so far. Where the catalog rules it out for every plan, nothing has to be reached for that to be known.
 */
export async function judgeLifecycles(
  context: OsbContext,
  judge: (lifecycle: Lifecycle) => Outcome | undefined,
  { stage = "provision", plan = ANY, unmet = "the broker does not offer it" }: Reach = {},
): Promise<Outcome> {
  const all = await allLifecycles(context.shared);
  const outcomes = all.map(judge).filter((outcome) => outcome !== undefined);
  if (outcomes.length > 0) return worstOf(outcomes);
  if (!context.run.offers.some(plan.fits)) return notApplicable(plan.unmet, context.run.catalog);
  if (all.length === 0 && lifecycleOffers(context.shared).length > 0)
    return unknown("no provision was answered, so no instance got that far");
  const obstacles = all.map((lifecycle) => obstacleTo(lifecycle, stage));
  if (obstacles.length === 0) return notApplicable("no plan is offered", context.run.catalog);
  const standing = obstacles.filter((obstacle) => obstacle !== undefined);
  if (standing.length < obstacles.length) return notApplicable(unmet, context.run.catalog);
  return standing.find(({ verdict }) => verdict === "unknown") ?? standing[0] ?? notApplicable(unmet);
}
