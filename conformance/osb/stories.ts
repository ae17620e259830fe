import type { Answer } from "../client/answer.ts";
import { areBindingsRetrievable, areInstancesRetrievable, isBindable, type Offer } from "../client/catalog.ts";
import { type OsbClient } from "../client/osb-client.ts";
import { planIds } from "../client/request.ts";
import { NoAnswer } from "../client/no-answer.ts";
import { type EndedOperation } from "../client/polling.ts";
import { bindBodyFor, provisionBodyFor, type Shared } from "./context.ts";

/** One life of an instance, as an ordinary platform would lead it. Later parts are missing when an earlier one failed. */
export interface Life {
  readonly offer: Offer;
  readonly instanceId: string;
  readonly provision: EndedOperation;
  /** Right after success. */
  fetched?: Answer;
  fetchedWithHints?: Answer;
  binds: EndedOperation[];
  /** The fetch of each binding right after it succeeded. */
  fetchedBindings: Answer[];
  fetchedBindingWithHints?: Answer;
  unbind?: EndedOperation;
  /** Of the first binding, after the second was removed. */
  fetchedSurvivor?: Answer;
  fetchedUnbound?: Answer;
  unbindAgain?: Answer;
  unbindSurvivor?: EndedOperation;
  deprovision?: EndedOperation;
  fetchedGone?: Answer;
  deprovisionAgain?: Answer;
  /** Polls after the final one, per operation. */
  readonly after: { readonly final: Answer; readonly again: readonly Answer[] }[];
}

const flagged = { accepts_incomplete: "true" };

/** Two further polls, to see that a final state stays. */
async function pollOn(platform: OsbClient, life: Life, settled: EndedOperation): Promise<void> {
  const final = settled.polls.at(-1);
  if (final === undefined) return;
  const again = [await platform.poll(life.offer, settled.answer), await platform.poll(life.offer, settled.answer)];
  life.after.push({ final, again });
}

async function leadBindings(platform: OsbClient, shared: Shared, life: Life): Promise<void> {
  const { offer, instanceId } = life;
  const isRetrievable = shared.run.minor >= 14 && areBindingsRetrievable(offer);
  const query = shared.run.minor >= 14 ? flagged : {};
  const ids = [platform.newId(), platform.newId()];
  const fetch = (bindingId: string) => platform.send("fetch-binding", { instanceId, bindingId });
  for (const id of ids) {
    const answer = await platform.bind(offer, instanceId, id, { query, body: bindBodyFor(shared.run, offer) });
    const bind = await platform.settle(offer, answer);
    life.binds.push(bind);
    if (bind.state !== "succeeded") return;
    if (isRetrievable) life.fetchedBindings.push(await fetch(id));
    await pollOn(platform, life, bind);
  }
  const [first = "", second = ""] = ids;
  if (isRetrievable) {
    life.fetchedBindingWithHints = await platform.send("fetch-binding", {
      instanceId,
      bindingId: first,
      query: planIds(offer),
    });
  }
  life.unbind = await platform.settle(offer, await platform.unbind(offer, instanceId, second));
  if (life.unbind.state !== "succeeded" && life.unbind.state !== "gone") return;
  if (isRetrievable) life.fetchedSurvivor = await fetch(first);
  if (isRetrievable) life.fetchedUnbound = await fetch(second);
  life.unbindAgain = await platform.unbind(offer, instanceId, second);
  life.unbindSurvivor = await platform.settle(offer, await platform.unbind(offer, instanceId, first));
}

async function lead(platform: OsbClient, shared: Shared, offer: Offer): Promise<Life> {
  const instanceId = platform.newId();
  const asked = await platform.provision(offer, instanceId, {
    query: flagged,
    body: provisionBodyFor(shared.run, offer),
  });
  const provision = await platform.settle(offer, asked);
  const life: Life = { offer, instanceId, provision, binds: [], fetchedBindings: [], after: [] };
  if (provision.state !== "succeeded") return life;
  const isRetrievable = shared.run.minor >= 14 && areInstancesRetrievable(offer);
  if (isRetrievable) life.fetched = await platform.send("fetch-instance", { instanceId });
  await pollOn(platform, life, provision);
  if (isRetrievable)
    life.fetchedWithHints = await platform.send("fetch-instance", { instanceId, query: planIds(offer) });
  if (isBindable(offer)) await leadBindings(platform, shared, life);
  life.deprovision = await platform.settle(offer, await platform.deprovision(offer, instanceId));
  await pollOn(platform, life, life.deprovision);
  if (life.deprovision.state !== "succeeded" && life.deprovision.state !== "gone") return life;
  if (isRetrievable) life.fetchedGone = await platform.send("fetch-instance", { instanceId });
  life.deprovisionAgain = await platform.deprovision(offer, instanceId);
  return life;
}

export function lifeOf(shared: Shared, offer: Offer): Promise<Life> {
  return shared.once(`life ${offer.plan.id}`, async (platform) => {
    await shared.run.quota.acquire(1);
    try {
      return await lead(platform, shared, offer);
    } finally {
      await platform.ledger.clean();
      shared.run.quota.release(1);
    }
  });
}

/** Most plans whose life is led; the first of each offering come first. */
const LIVES_MAX = 6;

/** The plans whose life is led in a run. */
export function livingOffers(shared: Shared): readonly Offer[] {
  const { offers } = shared.run;
  const firsts = offers.filter((offer, at) => offers.findIndex((each) => each.service.id === offer.service.id) === at);
  const rest = offers.filter((offer) => !firsts.includes(offer));
  return [...firsts, ...rest].slice(0, LIVES_MAX);
}

/** All lives of the run; those that broke off for want of an answer are left out. */
export async function lives(shared: Shared): Promise<readonly Life[]> {
  const told = await Promise.all(
    livingOffers(shared).map((offer) =>
      lifeOf(shared, offer).catch((error: unknown) => {
        if (error instanceof NoAnswer) return undefined;
        throw error;
      }),
    ),
  );
  return told.filter((life) => life !== undefined);
}
