import type { Answer } from "../platform/answer.ts";
import { areBindingsRetrievable, areInstancesRetrievable, isBindable, type Offer } from "../platform/catalog.ts";
import { idsOf, NoAnswer, type Platform, type Settled } from "../platform/platform.ts";
import { bindBodyFor, provisionBodyFor, type Shared } from "./context.ts";

/** One lifecycle of an instance, as an ordinary platform would lead it. Later parts are missing when an earlier one failed. */
export interface Lifecycle {
  readonly offer: Offer;
  readonly instanceId: string;
  readonly provision: Settled;
  /** Right after success. */
  fetched?: Answer;
  fetchedWithHints?: Answer;
  binds: Settled[];
  /** The fetch of each binding right after it succeeded. */
  fetchedBindings: Answer[];
  fetchedBindingWithHints?: Answer;
  unbind?: Settled;
  /** Of the first binding, after the second was removed. */
  fetchedSurvivor?: Answer;
  fetchedUnbound?: Answer;
  unbindAgain?: Answer;
  unbindSurvivor?: Settled;
  deprovision?: Settled;
  fetchedGone?: Answer;
  deprovisionAgain?: Answer;
  /** Polls after the final one, per operation. */
  readonly after: { readonly final: Answer; readonly again: readonly Answer[] }[];
}

const flagged = { accepts_incomplete: "true" };

/** Two further polls, to see that a final state stays. */
async function pollAgain(platform: Platform, lifecycle: Lifecycle, settled: Settled): Promise<void> {
  const final = settled.polls.at(-1);
  if (final === undefined) return;
  const again = [
    await platform.poll(lifecycle.offer, settled.answer),
    await platform.poll(lifecycle.offer, settled.answer),
  ];
  lifecycle.after.push({ final, again });
}

async function playBindings(platform: Platform, shared: Shared, lifecycle: Lifecycle): Promise<void> {
  const { offer, instanceId } = lifecycle;
  const isRetrievable = shared.run.minor >= 14 && areBindingsRetrievable(offer);
  const query = shared.run.minor >= 14 ? flagged : {};
  const ids = [platform.newId(), platform.newId()];
  const fetch = (bindingId: string) => platform.send("fetch-binding", { instanceId, bindingId });
  for (const id of ids) {
    const answer = await platform.bind(offer, instanceId, id, { query, body: bindBodyFor(shared.run, offer) });
    const bind = await platform.settle(offer, answer);
    lifecycle.binds.push(bind);
    if (bind.state !== "succeeded") return;
    if (isRetrievable) lifecycle.fetchedBindings.push(await fetch(id));
    await pollAgain(platform, lifecycle, bind);
  }
  const [first = "", second = ""] = ids;
  if (isRetrievable) {
    lifecycle.fetchedBindingWithHints = await platform.send("fetch-binding", {
      instanceId,
      bindingId: first,
      query: idsOf(offer),
    });
  }
  lifecycle.unbind = await platform.settle(offer, await platform.unbind(offer, instanceId, second));
  if (lifecycle.unbind.state !== "succeeded" && lifecycle.unbind.state !== "gone") return;
  if (isRetrievable) lifecycle.fetchedSurvivor = await fetch(first);
  if (isRetrievable) lifecycle.fetchedUnbound = await fetch(second);
  lifecycle.unbindAgain = await platform.unbind(offer, instanceId, second);
  lifecycle.unbindSurvivor = await platform.settle(offer, await platform.unbind(offer, instanceId, first));
}

async function playLifecycle(platform: Platform, shared: Shared, offer: Offer): Promise<Lifecycle> {
  const instanceId = platform.newId();
  const asked = await platform.provision(offer, instanceId, {
    query: flagged,
    body: provisionBodyFor(shared.run, offer),
  });
  const provision = await platform.settle(offer, asked);
  const lifecycle: Lifecycle = { offer, instanceId, provision, binds: [], fetchedBindings: [], after: [] };
  if (provision.state !== "succeeded") return lifecycle;
  const isRetrievable = shared.run.minor >= 14 && areInstancesRetrievable(offer);
  if (isRetrievable) lifecycle.fetched = await platform.send("fetch-instance", { instanceId });
  await pollAgain(platform, lifecycle, provision);
  if (isRetrievable)
    lifecycle.fetchedWithHints = await platform.send("fetch-instance", { instanceId, query: idsOf(offer) });
  if (isBindable(offer)) await playBindings(platform, shared, lifecycle);
  lifecycle.deprovision = await platform.settle(offer, await platform.deprovision(offer, instanceId));
  await pollAgain(platform, lifecycle, lifecycle.deprovision);
  if (lifecycle.deprovision.state !== "succeeded" && lifecycle.deprovision.state !== "gone") return lifecycle;
  if (isRetrievable) lifecycle.fetchedGone = await platform.send("fetch-instance", { instanceId });
  lifecycle.deprovisionAgain = await platform.deprovision(offer, instanceId);
  return lifecycle;
}

export function lifecycleOf(shared: Shared, offer: Offer): Promise<Lifecycle> {
  return shared.once(`lifecycle ${offer.plan.id}`, async (platform) => {
    await shared.run.quota.acquire(1);
    try {
      return await playLifecycle(platform, shared, offer);
    } finally {
      await platform.ledger.clean();
      shared.run.quota.release(1);
    }
  });
}

/** Most plans whose lifecycle is led; the first of each offering come first. */
const LIFECYCLES_MAX = 6;

/** The plans whose lifecycle is led in a run. */
export function lifecycleOffers(shared: Shared): readonly Offer[] {
  const { offers } = shared.run;
  const firsts = offers.filter((offer, at) => offers.findIndex((each) => each.service.id === offer.service.id) === at);
  const rest = offers.filter((offer) => !firsts.includes(offer));
  return [...firsts, ...rest].slice(0, LIFECYCLES_MAX);
}

/** All lives of the run; those that broke off for want of an answer are left out. */
export async function allLifecycles(shared: Shared): Promise<readonly Lifecycle[]> {
  const told = await Promise.all(
    lifecycleOffers(shared).map((offer) =>
      lifecycleOf(shared, offer).catch((error: unknown) => {
        if (error instanceof NoAnswer) return undefined;
        throw error;
      }),
    ),
  );
  return told.filter((lifecycle) => lifecycle !== undefined);
}
