import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { isSuccess } from "../../client/request.ts";
import { isOneOf } from "../sequences/asynchronous-plans.ts";
import { onEachPlan } from "../variations/plans.ts";
import { type Tried, worstTried } from "../variations/tried.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, unknown, Verdicted } from "../../runner/check.ts";
import type { LiveBinding, OsbContext } from "../context.ts";
import { expectStatus, expectStatusOf, seenOf } from "../judge.ts";
import { learnToLook, type Presence } from "../model/presence.ts";
import { followsFromUnserved, JUDGED_BY, obstacleTo, unservedDeletionIn } from "../model/stages.ts";
import { ANY, BINDABLE, type PlanRequirement } from "../plan-requirements.ts";
import {
  firstAnswerTo,
  type Lifecycle,
  lifecycleOf,
  lifecycleOffers,
  lifecycleUpTo,
  requireLifecycles,
} from "../sequences/lifecycles.ts";
import {
  type MandatoryId,
  type OddRemoval,
  oddRemovals,
  queryOf,
  type Removal,
  Removables,
  remove,
} from "../sequences/odd-removals.ts";

/** What makes the thing that a deletion removes. */
export const MAKES = { unbind: "bind", deprovision: "provision" } as const;

const requirementOf = (kind: Removal): PlanRequirement => (kind === "unbind" ? BINDABLE : ANY);

/**
 * A deletion without a mandatory id is refused, and refused means that the thing is still there; on each plan, as their backends may
 * differ. Where nothing can be made to be deleted, the same is asked about something that never was: 400 is right there as well, and a
 * success or a 5xx wrong.
 */
export const removeWithout =
  (kind: Removal, member: MandatoryId) =>
  (whole: OsbContext): Promise<Outcome> =>
    onEachPlan(whole, [requirementOf(kind)], async (context, offer) => {
      const stage = MAKES[kind];
      const obstacle = obstacleTo(await lifecycleUpTo(context.shared, stage, offer), stage);
      const { [member]: _, ...query } = queryOf(context, kind, offer);
      if (obstacle !== undefined) return removeNothingWithout(context, kind, { offer, query, obstacle });
      await learnToLook(context, kind === "unbind" ? "binding" : "instance", offer);
      const things = new Removables(context, kind, () => createRemovable(context, kind, offer));
      const tried: Tried[] = [];
      for (const [words, sent] of [
        [`no ${member}`, query],
        [`an empty ${member}`, { ...query, [member]: "" }],
      ] as const) {
        const removal = await things.ask(sent, (status) => status === 400);
        tried.push({ words, outcome: await judgeRefusal(context, kind, offer, removal) });
      }
      return worstTried(tried);
    });

/** Something to remove: a binding of its own on a shared instance, or an instance of its own. */
async function createRemovable(context: OsbContext, kind: Removal, offer: Offer): Promise<LiveBinding> {
  if (kind === "unbind") return context.bindTo(await context.liveOf(offer));
  const live = await context.freshOf(offer);
  return { live, id: "", bound: live.provisioned };
}

async function judgeRefusal(
  context: OsbContext,
  kind: Removal,
  offer: Offer,
  { answer, begun, presence }: OddRemoval,
): Promise<Outcome> {
  const outcome = expectStatus(answer, [400]);
  return presence === undefined
    ? unlessUnserved(context, kind, { offer }, { answer, outcome })
    : judgeStillThere(answer, begun, presence);
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

function judgeStillThere(refusal: Answer, begun: Answer | undefined, presence: Presence): Outcome {
  if (begun !== undefined) return fail("a refused deletion to begin nothing", "something in progress", refusal, begun);
  if (presence.is === "untold") return presence.outcome;
  return presence.is === "there"
    ? pass(refusal, ...presence.evidence)
    : fail("a refused deletion to change nothing", "it is gone", refusal, ...presence.evidence);
}

/** A deletion under ids that the catalog does not have: the thing is gone, or it is refused and the thing still there; on each plan. */
export function removeMismatched(kind: Removal) {
  return (whole: OsbContext): Promise<Outcome> =>
    onEachPlan(whole, [requirementOf(kind)], async (context, offer) => {
      const { answer, begun, presence } = (await oddRemovals(context, kind, offer)).mismatched;
      if (presence !== undefined) return judgeStillThere(answer, begun, presence);
      // Whether it refuses is left to the broker: one that fails is another check's finding.
      return isSuccess(answer)
        ? pass(answer)
        : followsFrom(
            "error-appropriate-status",
            `a deletion that names other ids is answered ${seenOf(answer)}`,
            answer,
          );
    });
}

/**
 * The plans of which this kind of deletion was answered 202 in their lifecycles; at least one.
 *
 * @throws Verdicted not applicable when the broker deletes synchronously
 */
async function asyncRemovalOffers(context: OsbContext, kind: Removal): Promise<readonly Offer[]> {
  context.offer(requirementOf(kind));
  const offers = lifecycleOffers(context.shared);
  const first = await Promise.all(offers.map((offer) => firstAnswerTo(context.shared, kind, offer)));
  const found = offers.filter((_, at) => first[at]?.status === 202);
  if (found.length > 0) return found;
  const all = await requireLifecycles(context.shared);
  const seen = all.map((lifecycle) => lifecycle[kind]?.answer).filter((answer) => answer !== undefined);
  if (seen.length > 0) throw new Verdicted(notApplicable(`no ${kind} was answered 202: it is synchronous`, ...seen));
  const obstacles = all.map((lifecycle) => obstacleTo(lifecycle, kind)).filter((obstacle) => obstacle !== undefined);
  throw new Verdicted(
    obstacles.find(({ verdict }) => verdict === "unknown") ?? obstacles[0] ?? unknown(`no ${kind} could be tried`),
  );
}

/**
 * Judges each plan of which this kind of deletion is asynchronous, or those that `pick` chooses.
 *
 * @throws Verdicted not applicable when the broker deletes synchronously
 */
export async function onEachAsyncRemoval(
  whole: OsbContext,
  kind: Removal,
  judge: (own: OsbContext, offer: Offer) => Promise<Outcome>,
  pick = (all: readonly Offer[]): readonly Offer[] => all,
): Promise<Outcome> {
  const offers = pick(await asyncRemovalOffers(whole, kind));
  return onEachPlan(whole, [{ unmet: `no ${kind} is asynchronous`, fits: isOneOf(offers) }], judge);
}

/**
 * Judges a deletion without accepts_incomplete on each plan that needs it.
 *
 * @throws Verdicted not applicable when the broker deletes synchronously
 */
export function removeWithoutFlag(kind: Removal, judge: (answer: Answer) => Outcome) {
  return (whole: OsbContext): Promise<Outcome> =>
    onEachAsyncRemoval(whole, kind, async (context, offer) => {
      const { unflagged } = await oddRemovals(context, kind, offer);
      return unflagged === undefined ? unknown(`no ${kind} could be tried`) : judge(unflagged.answer);
    });
}

/** A deletion whose accepts_incomplete is neither true nor false, on each plan. */
export function removeMalformed(kind: Removal) {
  return (whole: OsbContext): Promise<Outcome> =>
    onEachPlan(whole, [requirementOf(kind)], async (context, offer) => {
      const { answer } = (await oddRemovals(context, kind, offer)).malformed;
      const outcome =
        answer.status === 410
          ? followsFrom(JUDGED_BY[MAKES[kind]], "what was made is gone: it is answered 410", answer)
          : expectStatus(answer, [400, 422, "2xx"], ["4xx"]);
      return unlessUnserved(context, kind, { offer }, { answer, outcome });
    });
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
  { offer }: { readonly offer: Offer },
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
    const ended = lifecycle[kind];
    return ended !== undefined && isSuccess(ended.answer)
      ? expectStatusOf(ended, kind === "unbind" && minor < 14 ? [200] : [200, 202])
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
