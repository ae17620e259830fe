import { NoAnswer } from "../../client/no-answer.ts";
import { notApplicable, type Outcome, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { obstacleTo, type Stage } from "../model/stages.ts";
import { ANY, type PlanRequirement } from "../plan-requirements.ts";
import { allLifecycles, type Lifecycle, requireLifecycles } from "../sequences/lifecycles.ts";

/** How far a lifecycle must have come to be judged, and why the check is not applicable to one that came so far. */
interface Reach {
  /** Default `provision`. */
  readonly stage?: Stage;
  /** Default: that the broker does not offer what it is about. */
  readonly unmet?: string;
  /** What the catalog must say of a plan for the check to apply at all. Default: nothing. */
  readonly plan?: PlanRequirement;
}

/** What can't be judged on one lifecycle, because a control got no answer, may be judged on another. */
function judgeEach(all: readonly Lifecycle[], judge: (lifecycle: Lifecycle) => Outcome | undefined) {
  const outcomes: Outcome[] = [];
  let silence: NoAnswer | undefined;
  for (const lifecycle of all) {
    try {
      const outcome = judge(lifecycle);
      if (outcome !== undefined) outcomes.push(outcome);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      silence ??= error;
    }
  }
  return { outcomes, silence };
}

/**
 * Judges every lifecycle. If `judge` applies to none, the check is not applicable, or follows from what kept every instance from getting so far. If
 * the catalog rules it out for every plan, that is known without any lifecycle.
 *
 * @throws NoAnswer if that prevents a judgement, and no lifecycle shows a fault
 */
export async function judgeLifecycles(
  context: OsbContext,
  judge: (lifecycle: Lifecycle) => Outcome | undefined,
  { stage = "provision", plan = ANY, unmet = "the broker does not offer it" }: Reach = {},
): Promise<Outcome> {
  const isOffered = context.run.offers.some(plan.fits);
  const all = await (isOffered ? requireLifecycles : allLifecycles)(context.shared);
  const { outcomes, silence } = judgeEach(all, judge);
  const worst = outcomes.length > 0 ? worstOf(outcomes) : undefined;
  if (silence !== undefined && worst?.verdict !== "fail" && worst?.verdict !== "warn") throw silence;
  if (worst !== undefined) return worst;
  if (!isOffered) return notApplicable(plan.unmet, context.run.catalog);
  const obstacles = all.map((lifecycle) => obstacleTo(lifecycle, stage));
  if (obstacles.length === 0) return notApplicable("no plan is offered", context.run.catalog);
  const standing = obstacles.filter((obstacle) => obstacle !== undefined);
  if (standing.length < obstacles.length) return notApplicable(unmet, context.run.catalog);
  return standing.find(({ verdict }) => verdict === "unknown") ?? standing[0] ?? notApplicable(unmet);
}
