import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import type { OsbClient } from "../../client/osb-client.ts";
import type { RequestOptions } from "../../client/request.ts";
import { isWanting } from "../model/refusals.ts";
import type { Shared } from "../shared-instances.ts";

/** How often, in all, an ordinary provision is tried that is answered 5xx. */
const ATTEMPTS_MAX = 3;

/** The pause before the next attempt, in milliseconds: the obstacle may be gone by then. */
const PAUSE_MS = 250;

/** Attempts in a row, per run and plan, that were answered 5xx. */
const stumbles = new WeakMap<Shared, Map<string, number>>();

/** A 5xx that may be temporary: 501 is a no, and a lack of room or parameters will not pass. */
const isStumble = (answer: Answer): boolean => answer.status >= 500 && answer.status !== 501 && !isWanting(answer);

/**
 * Requests an instance as a platform does: after a 5xx it cleans up, and tries again under another id. A broker that stumbles now and then can be
 * judged by what it does otherwise; if it never recovers, no more attempts are made than it takes to know that.
 *
 * @throws NoAnswer
 */
export async function provisionPatiently(
  shared: Shared,
  platform: OsbClient,
  offer: Offer,
  firstId: string,
  options: RequestOptions,
): Promise<Answer> {
  const counts = stumbles.get(shared) ?? new Map<string, number>();
  stumbles.set(shared, counts);
  for (let id = firstId; ; id = platform.newId()) {
    const answer = await platform.provision(offer, id, options);
    if (!isStumble(answer)) {
      counts.delete(offer.plan.id);
      return answer;
    }
    const count = (counts.get(offer.plan.id) ?? 0) + 1;
    counts.set(offer.plan.id, count);
    if (count >= ATTEMPTS_MAX) return answer;
    const removal = await platform.deprovision(offer, answer.instanceId, { intent: "cleanup" });
    await platform.settle(offer, removal);
    // What can't be removed keeps its room, and the next attempt would have to wait for that.
    if (platform.ledger.holds({ kind: "instance", id: answer.instanceId })) return answer;
    await platform.settings.clock.sleepMs(PAUSE_MS);
  }
}
