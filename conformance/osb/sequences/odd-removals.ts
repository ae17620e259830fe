import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { planIds } from "../../client/request.ts";
import { type Outcome, Verdicted } from "../../runner/check.ts";
import type { LiveBinding, OsbContext } from "../context.ts";
import { learnToLook, lookFor, type Presence, type Thing } from "../model/presence.ts";
import { BINDABLE } from "../plan-requirements.ts";
import type { LiveInstance } from "../shared-instances.ts";
import { firstAnswerTo } from "./lifecycles.ts";

/** Unbinding and deprovisioning obey the same rules; `kind` says which is meant. */
export type Removal = "unbind" | "deprovision";

/** A deletion that is odd in one way. */
export interface OddRemoval {
  readonly answer: Answer;
  /** What a refused one has begun. */
  readonly begun?: Answer | undefined;
  /** Whether the thing is still there after a refusal, where that was looked for. */
  readonly presence?: Presence;
}

/** Deletions of one plan that are odd in one way each. */
interface OddRemovals {
  /** Whose accepts_incomplete is neither true nor false. */
  readonly malformed: OddRemoval;
  /** Without accepts_incomplete, where the broker is known to need it. */
  readonly unflagged: OddRemoval | undefined;
  /** Under ids that the catalog does not have. */
  readonly mismatched: OddRemoval;
}

/** The ids that a deletion has to name. */
export type MandatoryId = "service_id" | "plan_id";

/** What is removed: a binding, or an instance where the id of the binding is empty. */
const thingOf = ({ live, id }: Pick<LiveBinding, "live" | "id">): Thing => ({
  offer: live.offer,
  instanceId: live.id,
  bindingId: id,
});

/** The query of an ordinary deletion of this kind, as this version has it. */
export function queryOf({ minor }: OsbContext, kind: Removal, offer: Offer): Record<string, string> {
  return { ...planIds(offer), ...(kind === "deprovision" || minor >= 14 ? { accepts_incomplete: "true" } : {}) };
}

/** Removes a binding, or an instance where the removal is a deprovision. */
export function remove(
  { platform }: OsbContext,
  kind: Removal,
  { offer, instanceId, bindingId }: Thing,
  query: Readonly<Record<string, string>>,
): Promise<Answer> {
  const options = { query, intent: "bad" } as const;
  return kind === "unbind"
    ? platform.unbind(offer, instanceId, bindingId, options)
    : platform.deprovision(offer, instanceId, options);
}

const isRefused = ({ status }: Answer): boolean => status >= 400 && status < 500;

type Removable = Pick<LiveBinding, "live" | "id">;

/** A GET showed it, so it is still there; what a DELETE showed is not. */
const isSeenByGet = (presence: Presence): boolean =>
  presence.is === "there" && presence.evidence.at(-1)?.operation.startsWith("fetch-") === true;

/** Things of one kind to remove, one after the other; each is used as long as it is known to be there. */
export class Removables {
  readonly #own: OsbContext;
  readonly #kind: Removal;
  readonly #create: () => Promise<Removable>;
  #it: Removable | undefined;

  constructor(own: OsbContext, kind: Removal, create: () => Promise<Removable>) {
    this.#own = own;
    this.#kind = kind;
    this.#create = create;
  }

  /** Asks for one deletion; where it is refused with one of these statuses, looks whether the thing is still there. */
  async ask(query: Readonly<Record<string, string>>, isLookedFor: (status: number) => boolean): Promise<OddRemoval> {
    const own = this.#own;
    this.#it ??= await this.#create();
    const it = this.#it;
    const hasBegun = await own.watchOperations(it.live, it.id);
    const answer = await remove(own, this.#kind, thingOf(it), query);
    await own.platform.settle(it.live.offer, answer);
    if (!isRefused(answer)) this.#it = undefined;
    if (!isRefused(answer) || !isLookedFor(answer.status)) return { answer };
    const begun = await hasBegun();
    const presence = await lookFor(own, thingOf(it), "deleted");
    if (begun !== undefined || !isSeenByGet(presence)) await this.discard();
    return { answer, begun, presence };
  }

  /** Removes what may be left. */
  async discard(): Promise<void> {
    const it = this.#it;
    this.#it = undefined;
    if (it === undefined) return;
    const { platform } = this.#own;
    const cleanup = { intent: "cleanup" } as const;
    const { offer } = it.live;
    const answer =
      this.#kind === "unbind"
        ? await platform.unbind(offer, it.live.id, it.id, cleanup)
        : await platform.deprovision(offer, it.live.id, cleanup);
    await platform.settle(offer, answer);
  }
}

const never = (): boolean => false;

/** The odd deletions of one kind; `create` makes the next thing to remove. */
async function playRemovals(
  own: OsbContext,
  kind: Removal,
  offer: Offer,
  create: () => Promise<Removable>,
): Promise<OddRemovals> {
  const things = new Removables(own, kind, create);
  const needsFlag = (await firstAnswerTo(own.shared, kind, offer))?.status === 202;
  const ids = { service_id: own.platform.newId(), plan_id: own.platform.newId() };
  try {
    const unflagged = needsFlag ? await things.ask(planIds(offer), never) : undefined;
    const malformed = await things.ask({ ...planIds(offer), accepts_incomplete: "maybe" }, never);
    const mismatched = await things.ask({ ...queryOf(own, kind, offer), ...ids }, () => true);
    return { malformed, unflagged, mismatched };
  } finally {
    await things.discard();
  }
}

/** Those of bindings that are made for it and removed again: some brokers keep an instance as long as it has one. */
async function playUnbinds(own: OsbContext, live: LiveInstance): Promise<OddRemovals | Outcome> {
  try {
    return await playRemovals(own, "unbind", live.offer, () => own.bindTo(live));
  } catch (error) {
    if (error instanceof Verdicted) return error.outcome;
    throw error;
  }
}

/** Played once for each plan, on one instance as long as each is refused. */
const playAll = (context: OsbContext, offer: Offer) =>
  context.shared.once(`odd removals ${offer.plan.id}`, async (platform) => {
    const own = context.with(platform);
    await learnToLook(own, "instance", offer);
    if (BINDABLE.fits(offer)) await learnToLook(own, "binding", offer);
    const live = await own.freshOf(offer);
    const unbind = BINDABLE.fits(offer) ? await playUnbinds(own, live) : undefined;
    let next: LiveInstance | undefined = live;
    const deprovision = await playRemovals(own, "deprovision", offer, async () => {
      const instance = next ?? (await own.freshOf(offer));
      next = undefined;
      return { live: instance, id: "" };
    });
    return { unbind, deprovision };
  });

/**
 * The odd deletions of a plan.
 *
 * @throws Verdicted when there is nothing to remove
 */
export async function oddRemovals(context: OsbContext, kind: Removal, offer: Offer): Promise<OddRemovals> {
  const played = (await playAll(context, offer))[kind];
  if (played === undefined) throw new Error(`plan ${offer.plan.id} is not bindable`);
  if ("verdict" in played) throw new Verdicted(played);
  return played;
}
