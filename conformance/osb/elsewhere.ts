import type { Outcome } from "../runner/check.ts";
import type { OsbContext } from "./context.ts";
import type { OsbCheck } from "./define.ts";
import { JUDGED_BY } from "./model/stages.ts";
import { workingOffers } from "./sequences/working-plans.ts";
import { nameThePlan, outcomeOf } from "./variations/plans.ts";

/** Faulty polls hide whether an instance or a binding was created. */
const POLL_FAULT = /^lastop-(instance|binding)-(available|200|410-only-deleting|state-(required|values))$/;

/** Whether nothing could be judged because the plan that was tried gave no ordinary instance or binding. */
function isForWantOfPlan({ verdict, followsFrom = "" }: Outcome): boolean {
  const isMaking = followsFrom === JUDGED_BY.provision || followsFrom === JUDGED_BY.bind;
  return verdict === "unknown" && (isMaking || POLL_FAULT.test(followsFrom));
}

async function runElsewhere(check: OsbCheck, context: OsbContext): Promise<Outcome> {
  const outcome = await outcomeOf(async () => check.run(context));
  if (!isForWantOfPlan(outcome)) return outcome;
  const working = await workingOffers(context);
  const [other] = working;
  if (other === undefined || other === context.run.offers[0]) return outcome;
  await context.release(outcome);
  const own = context.preferring(working);
  const elsewhere = await outcomeOf(async () => check.run(own));
  await own.close(elsewhere);
  return nameThePlan(other, elsewhere);
}

/**
 * A check that tries one plan says something about the broker only if that plan works: if it doesn't, and others do, the check runs once more with
 * those first.
 */
export function tryElsewhere(check: OsbCheck): OsbCheck {
  return check.phase === "review" ? check : { ...check, run: (context) => runElsewhere(check, context) };
}
