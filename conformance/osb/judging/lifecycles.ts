import { notApplicable, type Outcome, unknown, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { obstacleTo, type Stage } from "../model/stages.ts";
import { ANY, type PlanRequirement } from "../plan-requirements.ts";
import { allLifecycles, lifecycleOffers, type Lifecycle } from "../sequences/lifecycles.ts";

/** How far a lifecycle must have come to be judged, and why the check is not applicable to one that came so far. */
interface Reach {
  /** Default `provision`. */
  readonly stage?: Stage;
  /** Default: that the broker does not offer what it is about. */
  readonly unmet?: string;
  /** What the catalog must say of a plan for the check to apply at all. Default: nothing. */
  readonly plan?: PlanRequirement;
}

/**
 * Judges every lifecycle. If `judge` applies to none, the check is not applicable, or follows from what kept every instance from getting so far. If
 * the catalog rules it out for every plan, that is known without any lifecycle.
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
