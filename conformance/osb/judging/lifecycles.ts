import { notApplicable, type Outcome, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { allLifecycles, type Lifecycle } from "../sequences/lifecycles.ts";

/** Judges every lifecycle; not applicable when `judge` applies to none. */
export async function judgeLifecycles(
  context: OsbContext,
  judge: (lifecycle: Lifecycle) => Outcome | undefined,
): Promise<Outcome> {
  const outcomes = (await allLifecycles(context.shared)).map(judge).filter((outcome) => outcome !== undefined);
  return outcomes.length > 0
    ? worstOf(outcomes)
    : notApplicable("no instance got that far, or the broker does not offer it");
}
