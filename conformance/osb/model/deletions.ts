import type { Offer } from "../../client/catalog.ts";
import { isSuccess } from "../../client/request.ts";
import { isAlike } from "../judging/absence.ts";
import { type Lifecycle, lifecycleOf } from "../sequences/lifecycles.ts";
import type { Shared } from "../shared-instances.ts";
import { type Fact, factOf } from "./fact.ts";

/** What a deletion, or a fetch, is about. */
export type ThingKind = "instance" | "binding";

/** Whether the broker can tell what it is asked to delete from nothing. */
type DeletionOfNothing = "refused" | "accepted";

function read(answer: Parameters<typeof isSuccess>[0] | undefined): DeletionOfNothing | undefined {
  return answer === undefined ? undefined : isSuccess(answer) ? "accepted" : "refused";
}

/**
 * What the deletion of something looks like that never was. Where it looks like success, a deletion that succeeds shows nothing:
 * many brokers answer 200 to each DELETE, which breaks the rule of 410 and no other.
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
 * What a second deletion looks like, of something whose first has ended. A broker may remember what it deleted and say so with
 * success again, though it refuses to delete what never was.
 */
export async function deletionOfDeleted(
  shared: Shared,
  kind: ThingKind,
  offer: Offer,
): Promise<Fact<DeletionOfNothing>> {
  return readRepeat(await lifecycleOf(shared, offer), kind);
}

/** Where what never was is deleted with the same status, the second deletion is no finding of its own. */
function readRepeat(lifecycle: Lifecycle, kind: ThingKind) {
  const { deprovisionAgain, unbindAgain, deprovision, unbind, controls } = lifecycle;
  const [first, again] = kind === "instance" ? [deprovision, deprovisionAgain] : [unbind, unbindAgain];
  const control = kind === "instance" ? controls.deprovision : controls.unbind;
  const removal = kind === "instance" ? "deprovision" : "unbind";
  const isUnknownAlike = control !== undefined && again !== undefined && isAlike(control, again);
  const judgedBy = `${removal}-410-${isUnknownAlike ? "unknown" : "after-delete"}`;
  return factOf(read(again), judgedBy, first?.answer, again);
}
