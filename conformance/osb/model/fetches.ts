import type { Answer } from "../../client/answer.ts";
import { areBindingsRetrievable, areInstancesRetrievable, type Offer } from "../../client/catalog.ts";
import type { SpecMinor } from "../../client/spec-version.ts";
import { isSuccess } from "../../client/request.ts";
import { isRemoved } from "../../client/polling.ts";
import { type Lifecycle, lifecycleOf } from "../sequences/lifecycles.ts";
import type { Shared } from "../shared-instances.ts";
import type { ThingKind } from "./deletions.ts";
import { type Fact, factOf } from "./fact.ts";

/** Whether things of a plan can be fetched: the version allows it, and the offering says so. */
export function isFetchOffered(minor: SpecMinor, kind: ThingKind, offer: Offer): boolean {
  return minor >= 14 && (kind === "instance" ? areInstancesRetrievable : areBindingsRetrievable)(offer);
}

/** What was fetched in a lifecycle, and how things were deleted there. */
function readingsOf(lifecycle: Lifecycle, kind: ThingKind) {
  const { controls, fetched, fetchedGone, fetchedBindings, fetchedUnbound, deprovision, unbind } = lifecycle;
  return kind === "instance"
    ? { live: fetched, unknown: controls.fetchInstance, deleted: fetchedGone, deletion: deprovision }
    : { live: fetchedBindings[0], unknown: controls.fetchBinding, deleted: fetchedUnbound, deletion: unbind };
}

/** A 200 is a description; any other answer to a GET shows that nothing can be fetched. */
const shows = (answer: Answer | undefined): boolean => answer !== undefined && isSuccess(answer);

/**
 * Whether a GET tells what exists: 2xx for what does, and another status for what never did or was deleted. It need not be 404: a broker that
 * answers 410 or 400 for an absence breaks the rule of 404, but tells the two apart.
 */
export async function fetchTellsTruth(shared: Shared, kind: ThingKind, offer: Offer): Promise<Fact<boolean>> {
  const lifecycle = await lifecycleOf(shared, offer);
  const { live, unknown, deleted, deletion } = readingsOf(lifecycle, kind);
  const id = (rest: string) => `fetch-${kind}-${rest}`;
  if (live === undefined || unknown === undefined) return factOf<boolean>(undefined, id("supported"), live, unknown);
  if (!shows(live)) return factOf(false, id("supported"), live);
  if (shows(unknown)) return factOf(false, id("404-unknown"), unknown);
  const removed = kind === "instance" ? "404-after-delete" : "404-after-unbind";
  if (isRemoved(deletion) && shows(deleted)) return factOf(false, id(removed), deletion?.answer, deleted);
  return factOf(true, id("404-unknown"), live, unknown, deleted);
}
