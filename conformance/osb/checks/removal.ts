import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { isSuccess, planIds } from "../../client/request.ts";
import { onEachPlan } from "../variations/plans.ts";
import { type Tried, worstTried } from "../variations/tried.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, unknown, Verdicted } from "../../runner/check.ts";
import type { LiveBinding, OsbContext } from "../context.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { learnToLook, lookFor, type Thing } from "../model/presence.ts";
import { followsFromUnserved, obstacleTo, unservedDeletionIn } from "../model/stages.ts";
import { ANY, BINDABLE } from "../plan-requirements.ts";
import {
  allLifecycles,
  firstAnswerTo,
  type Lifecycle,
  lifecycleOf,
  lifecycleOffers,
  lifecycleUpTo,
} from "../sequences/lifecycles.ts";

/** Unbinding and deprovisioning obey the same rules; `kind` says which is meant. */
export type Removal = "unbind" | "deprovision";

/** Something to remove: a binding of its own on a shared instance, or an instance of its own. */
async function createRemovable(context: OsbContext, kind: Removal, offer: Offer): Promise<LiveBinding> {
  if (kind === "unbind") return context.bindTo(await context.liveOf(offer));
  const live = await context.freshOf(offer);
  return { live, id: "", bound: live.provisioned };
}

/** The first plan that has what this removes. */
const offerFor = (context: OsbContext, kind: Removal): Offer => context.offer(kind === "unbind" ? BINDABLE : ANY);

const thingOf = ({ live, id }: Pick<LiveBinding, "live" | "id">): Thing => ({
  offer: live.offer,
  instanceId: live.id,
  bindingId: id,
});

/** The query of an ordinary deletion of this kind, as this version has it. */
function queryOf({ minor }: OsbContext, kind: Removal, offer: Offer): Record<string, string> {
  return { ...planIds(offer), ...(kind === "deprovision" || minor >= 14 ? { accepts_incomplete: "true" } : {}) };
}

/** Removes a binding, or an instance where the removal is a deprovision. */
function remove(
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

/**
 * A deletion without a mandatory id is refused, and refused means that the thing is still there; on each plan, as their backends may differ. If
 * nothing can be created to delete, the same deletion names something that never existed: 400 is right there as well, and a success or a 5xx is
 * wrong.
 */
export const removeWithout =
  (kind: Removal, member: "service_id" | "plan_id") =>
  (whole: OsbContext): Promise<Outcome> =>
    onEachPlan(whole, [kind === "unbind" ? BINDABLE : ANY], async (context, offer) => {
      const { [member]: _, ...query } = queryOf(context, kind, offer);
      const stage = kind === "unbind" ? "bind" : "provision";
      const obstacle = obstacleTo(await lifecycleUpTo(context.shared, stage, offer), stage);
      if (obstacle !== undefined) return removeNothingWithout(context, kind, { offer, query, obstacle });
      await learnToLook(context, kind === "unbind" ? "binding" : "instance", offer);
      const tried: Tried[] = [];
      for (const [words, sent] of [
        [`no ${member}`, query],
        [`an empty ${member}`, { ...query, [member]: "" }],
      ] as const) {
        const outcome = await removeWith(context, kind, offer, sent);
        tried.push({ words, outcome });
        // Each has a thing of its own, and gives its room to the next.
        await context.release(outcome);
      }
      return worstTried(tried);
    });

async function removeWith(
  context: OsbContext,
  kind: Removal,
  offer: Offer,
  query: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const it = await createRemovable(context, kind, offer);
  const hasBegun = await context.watchOperations(it.live, it.id);
  const answer = await remove(context, kind, thingOf(it), query);
  await context.platform.settle(it.live.offer, answer);
  const outcome = expectStatus(answer, [400]);
  return outcome.verdict === "pass"
    ? expectStillThere(context, it, answer, await hasBegun())
    : unlessUnserved(context, kind, it.live, { answer, outcome });
}

async function removeNothingWithout(
  context: OsbContext,
  kind: Removal,
  {
    offer,
    query,
    obstacle,
  }: { readonly offer: Offer; readonly query: Readonly<Record<string, string>>; readonly obstacle: Outcome },
): Promise<Outcome> {
  const [instanceId, bindingId] = [context.platform.newId(), kind === "unbind" ? context.platform.newId() : ""];
  const answer = await remove(context, kind, { offer, instanceId, bindingId }, query);
  return answer.status === 400 || isSuccess(answer) || answer.status >= 500 ? expectStatus(answer, [400]) : obstacle;
}

async function expectStillThere(
  context: OsbContext,
  it: LiveBinding,
  refusal: Answer,
  begun: Answer | undefined,
): Promise<Outcome> {
  if (begun !== undefined) return fail("a refused deletion to begin nothing", "something in progress", refusal, begun);
  const presence = await lookFor(context, thingOf(it), "deleted");
  if (presence.is === "untold") return presence.outcome;
  return presence.is === "there"
    ? pass(refusal, ...presence.evidence)
    : fail("a refused deletion to change nothing", "it is gone", refusal, ...presence.evidence);
}

/** Removes something under ids that the catalog does not have: it is gone, or refused and still there. */
export function removeMismatched(kind: Removal) {
  return async (context: OsbContext): Promise<Outcome> => {
    const { platform } = context;
    const [thing, requirement] = kind === "unbind" ? (["binding", BINDABLE] as const) : (["instance", ANY] as const);
    await learnToLook(context, thing, context.offer(requirement));
    const it = await createRemovable(context, kind, offerFor(context, kind));
    const ids = { service_id: platform.newId(), plan_id: platform.newId() };
    const query = { ...queryOf(context, kind, it.live.offer), ...ids };
    const hasBegun = await context.watchOperations(it.live, it.id);
    const answer = await remove(context, kind, thingOf(it), query);
    await platform.settle(it.live.offer, answer);
    if (answer.status >= 400 && answer.status < 500) return expectStillThere(context, it, answer, await hasBegun());
    // The broker may refuse or not: one that fails is another check's finding.
    return isSuccess(answer)
      ? pass(answer)
      : followsFrom(
          "error-appropriate-status",
          `a deletion that names other ids is answered ${seenOf(answer)}`,
          answer,
        );
  };
}

/** Whether this kind of deletion was answered 202 in some lifecycle; the plan of it. */
export async function asyncRemovalOffer(context: OsbContext, kind: Removal): Promise<Offer> {
  context.offer(kind === "unbind" ? BINDABLE : ANY);
  const offers = lifecycleOffers(context.shared);
  const first = await Promise.all(offers.map((offer) => firstAnswerTo(context.shared, kind, offer)));
  const found = offers.find((_, at) => first[at]?.status === 202);
  if (found !== undefined) return found;
  const all = await allLifecycles(context.shared);
  const seen = all.map((lifecycle) => lifecycle[kind]?.answer).filter((answer) => answer !== undefined);
  if (seen.length > 0) throw new Verdicted(notApplicable(`no ${kind} was answered 202: it is synchronous`, ...seen));
  const obstacles = all.map((lifecycle) => obstacleTo(lifecycle, kind)).filter((obstacle) => obstacle !== undefined);
  throw new Verdicted(
    obstacles.find(({ verdict }) => verdict === "unknown") ?? obstacles[0] ?? unknown(`no ${kind} could be tried`),
  );
}

/**
 * A deletion without accepts_incomplete where the broker needs it.
 *
 * @throws Verdicted not applicable when the broker deletes synchronously
 */
export async function removeWithoutFlag(context: OsbContext, kind: Removal): Promise<Answer> {
  const offer = await asyncRemovalOffer(context, kind);
  const live = kind === "unbind" ? await context.liveOf(offer) : await context.freshOf(offer);
  const { id } = kind === "unbind" ? await context.bindTo(live) : { id: "" };
  return remove(context, kind, thingOf({ live, id }), planIds(offer));
}

/** A deletion whose accepts_incomplete is neither true nor false. */
export function removeMalformed(kind: Removal) {
  return async (context: OsbContext): Promise<Outcome> => {
    const it = await createRemovable(context, kind, offerFor(context, kind));
    const answer = await remove(context, kind, thingOf(it), {
      ...planIds(it.live.offer),
      accepts_incomplete: "maybe",
    });
    await context.platform.settle(it.live.offer, answer);
    const outcome = expectStatus(answer, [400, 422, "2xx"], ["4xx"]);
    return unlessUnserved(context, kind, it.live, { answer, outcome });
  };
}

/** Deletions of what never existed are answered 410. */
export const judgeRemovalOfUnknown =
  (kind: Removal) =>
  (lifecycle: Lifecycle): Outcome | undefined => {
    const control = lifecycle.controls[kind];
    if (control === undefined) return undefined;
    const ordinary = unservedDeletionIn(lifecycle, kind);
    return ordinary === undefined ? expectStatus(control, [410]) : followsFromUnserved(kind, control, ordinary);
  };

/** How to read a refusal that every deletion of this kind gets. */
async function unlessUnserved(
  { shared }: OsbContext,
  kind: Removal,
  { offer }: Pick<LiveBinding["live"], "offer">,
  { answer, outcome }: { readonly answer: Answer; readonly outcome: Outcome },
): Promise<Outcome> {
  if (outcome.verdict === "pass" || isSuccess(answer)) return outcome;
  const ordinary = unservedDeletionIn(await lifecycleOf(shared, offer), kind);
  return ordinary?.status === answer.status ? followsFromUnserved(kind, answer, ordinary) : outcome;
}

/** A deletion that succeeded was answered 200, or 202 where the version knows it. */
export const judgeRemovalStatus =
  (kind: Removal, minor: number) =>
  (lifecycle: Lifecycle): Outcome | undefined => {
    const answer = lifecycle[kind]?.answer;
    return answer !== undefined && isSuccess(answer)
      ? expectStatus(answer, kind === "unbind" && minor < 14 ? [200] : [200, 202])
      : undefined;
  };

/** A 202 without accepts_incomplete is one fault, whatever is requested; see `async-needs-accepts-incomplete`. */
export function expectUnflagged(answer: Answer, done: number): Outcome {
  return answer.status === 202
    ? followsFrom("async-needs-accepts-incomplete", "it is answered 202 without accepts_incomplete", answer)
    : expectStatus(answer, [done, 422]);
}

/** How to read a wrong status that deletions of what never existed get as well: one fault, which another check judges. */
export function unlessAlso(outcome: Outcome, answer: Answer, control: Answer | undefined, judgedBy: string): Outcome {
  const isSame = outcome.verdict !== "pass" && control?.status === answer.status && control !== answer;
  return isSame ? followsFrom(judgedBy, `what never was is answered ${seenOf(control)} too`, answer, control) : outcome;
}
