import type { Offer } from "../../client/catalog.ts";
import { isSuccess } from "../../client/request.ts";
import { isAlike } from "../judging/absence.ts";
import { type Lifecycle, lifecycleOf } from "../sequences/lifecycles.ts";
import type { Shared } from "../shared-instances.ts";
import { type Fact, factOf } from "./fact.ts";

/** What a deletion, or a fetch, is about. */
export type ThingKind = "instance" | "binding";

/** Whether the broker tells the deletion of something from the deletion of nothing. */
type DeletionOfNothing = "refused" | "accepted";

function read(answer: Parameters<typeof isSuccess>[0] | undefined): DeletionOfNothing | undefined {
  return answer === undefined ? undefined : isSuccess(answer) ? "accepted" : "refused";
}

/**
 * What the deletion of something that never existed looks like. If it looks like success, a successful deletion shows nothing: many brokers answer
 * 200 to each DELETE, which breaks the rule of 410 and no other.
 */
export async function deletionOfUnknown(
  shared: Shared,
  kind: ThingKind,
  offer: Offer,
): Promise<Fact<DeletionOfNothing>> {
  const { controls } = await lifecycleOf(shared, offer);
  const answer = kind === "instance" ? controls.deprovision : controls.unbind;
  return factOf(read(answer), kind === "instance" ? "deprovision-410-unknown" : "unbind-410-unknown", answer);
}

/**
 * What a second deletion of the same thing looks like, once the first has ended. A broker may remember what it deleted and report success again,
 * though it refuses to delete what never existed.
 */
export async function deletionOfDeleted(
  shared: Shared,
  kind: ThingKind,
  offer: Offer,
): Promise<Fact<DeletionOfNothing>> {
  return readRepeat(await lifecycleOf(shared, offer), kind);
}

/** If the deletion of what never existed gets the same status, the second deletion is not a finding of its own. */
function readRepeat(lifecycle: Lifecycle, kind: ThingKind) {
  const { deprovision, unbind, controls } = lifecycle;
  const [first, again] =
    kind === "instance" ? [deprovision, controls.deprovisionAgain] : [unbind, controls.unbindAgain];
  const control = kind === "instance" ? controls.deprovision : controls.unbind;
  const removal = kind === "instance" ? "deprovision" : "unbind";
  const isUnknownAlike = control !== undefined && again !== undefined && isAlike(control, again);
  const judgedBy = `${removal}-410-${isUnknownAlike ? "unknown" : "after-delete"}`;
  return factOf(read(again), judgedBy, first?.answer, again);
}
