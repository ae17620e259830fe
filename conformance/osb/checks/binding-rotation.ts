import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { areBindingsRetrievable, isBindable, isRotatable, type Offer } from "../../client/catalog.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { expectError, expectStatus, seenOf } from "../judge.ts";
import { followsFromFact } from "../model/fact.ts";
import { fetchTellsTruth } from "../model/fetches.ts";
import { followsFromUnserved, unservedDeletionIn } from "../model/stages.ts";
import type { PlanRequirement } from "../plan-requirements.ts";
import { onEachAsyncPlan } from "../sequences/asynchronous-plans.ts";
import { lifecycleOf } from "../sequences/lifecycles.ts";
import type { LiveInstance } from "../shared-instances.ts";
import { unlessOrdinaryFails } from "../variations/judging.ts";
import { onEachPlan } from "../variations/plans.ts";
import { isSuccess } from "../../client/request.ts";

const bad = { intent: "bad" } as const;

const ROTATABLE: PlanRequirement = {
  unmet: "binding_rotatable is not true on a bindable plan",
  fits: (offer) => isBindable(offer) && isRotatable(offer),
};

/** A rotation as a platform requests it, and what there is afterwards. */
interface Rotation {
  readonly live: LiveInstance;
  /** The answer to the bind of the old binding. */
  readonly bound: Answer;
  readonly answer: Answer;
  /** What happens to the old binding from then on. */
  readonly begun: Answer | undefined;
  /** The fetches of the new and the old binding; undefined if fetches are not offered, or the rotation was not accepted. */
  readonly fetchedNew: Answer | undefined;
  readonly fetchedOld: Answer | undefined;
  /** The removal of the old binding at last. */
  readonly removed: Answer | undefined;
}

/** The request for a successor. Its parameters are those of the predecessor, so none are sent. */
function rotationBody(context: OsbContext, live: LiveInstance, predecessor: string) {
  const { service_id, plan_id, context: sent } = context.bindBody(live.offer);
  return {
    service_id: service_id ?? "",
    plan_id: plan_id ?? "",
    context: sent ?? {},
    predecessor_binding_id: predecessor,
  };
}

/** Played once for each plan. */
function rotate(context: OsbContext, offer: Offer): Promise<Rotation> {
  return context.shared.once(`rotation ${offer.plan.id}`, async (platform) => {
    const own = context.with(platform);
    const live = await own.freshOf(offer);
    const { id: oldId, bound } = await own.bindTo(live);
    const newId = platform.newId();
    const hasBegun = await own.watchOperations(live, oldId);
    const answer = await own.bind(live, newId, { body: rotationBody(own, live, oldId) });
    await platform.settle(offer, answer);
    const begun = await hasBegun();
    const isDone = isSuccess(answer);
    const fetch = async (bindingId: string) =>
      isDone && areBindingsRetrievable(offer)
        ? platform.send("fetch-binding", { instanceId: live.id, bindingId })
        : undefined;
    const [fetchedNew, fetchedOld] = [await fetch(newId), await fetch(oldId)];
    const removed = isDone ? await platform.unbind(offer, live.id, oldId) : undefined;
    if (removed !== undefined) await platform.settle(offer, removed);
    return { live, bound: bound.answer, answer, begun, fetchedNew, fetchedOld, removed };
  });
}

async function judgeSuccessor(context: OsbContext, offer: Offer): Promise<Outcome> {
  const { answer, fetchedNew } = await rotate(context, offer);
  if (!isSuccess(answer)) return fail("a new binding (201 or 202)", seenOf(answer), answer);
  return judgeFetched(context, offer, answer, { fetched: fetchedNew, expected: "the new binding to be there" });
}

/** A fetch shows the binding, unless the broker's fetches don't tell what exists. */
async function judgeFetched(
  { shared }: OsbContext,
  offer: Offer,
  answer: Answer,
  { fetched, expected }: { readonly fetched: Answer | undefined; readonly expected: string },
): Promise<Outcome> {
  if (fetched === undefined) return pass(answer);
  if (fetched.status === 200) return pass(answer, fetched);
  const truth = await fetchTellsTruth(shared, "binding", offer);
  return truth.value === false
    ? followsFromFact(truth, "a fetch does not tell which bindings are there", answer, fetched)
    : fail(expected, seenOf(fetched), answer, fetched);
}

async function judgePredecessor(context: OsbContext, offer: Offer): Promise<Outcome> {
  const { answer, begun, fetchedOld, removed } = await rotate(context, offer);
  if (!isSuccess(answer)) return notApplicable(`the rotation was answered ${answer.status}`, answer);
  const stays = { fetched: fetchedOld, expected: "the old binding to stay" };
  const fetched = await judgeFetched(context, offer, answer, stays);
  if (fetched.verdict === "fail") return fetched;
  if (begun !== undefined) return fail("nothing to happen to the old binding", "something in progress", answer, begun);
  if (removed === undefined || isSuccess(removed)) return pass(answer, ...(removed ? [removed] : []));
  const ordinary = unservedDeletionIn(await lifecycleOf(context.shared, offer), "unbind");
  return ordinary?.status === removed.status
    ? followsFromUnserved("unbind", removed, ordinary)
    : fail("the old binding to be there to remove", seenOf(removed), answer, removed);
}

async function rotateUnknown(context: OsbContext, offer: Offer): Promise<Outcome> {
  const live = await context.liveOf(offer);
  const body = rotationBody(context, live, context.platform.newId());
  const answer = await context.bind(live, context.platform.newId(), { body, ...bad });
  const outcome = expectStatus(answer, ["4xx"], ["2xx"]);
  return unlessOrdinaryFails(context, "bind", live.offer, answer, outcome);
}

async function rotateWithoutFlag(context: OsbContext, offer: Offer): Promise<Outcome> {
  if (!ROTATABLE.fits(offer)) return notApplicable("bindings of the plan cannot be rotated");
  const live = await context.liveOf(offer);
  const { id } = await context.bindTo(live);
  const answer = await context.bind(live, context.platform.newId(), {
    query: {},
    body: rotationBody(context, live, id),
    ...bad,
  });
  return answer.status === 422 ? expectError(answer, "AsyncRequired") : expectStatus(answer, [201, 422]);
}

async function judgeRotationAnswer(context: OsbContext, offer: Offer): Promise<Outcome> {
  const { answer, bound } = await rotate(context, offer);
  if (!isSuccess(answer)) return notApplicable(`the rotation was answered ${answer.status}`, answer);
  // A wrong status that every bind gets is a fault of binds.
  if (answer.status === 200 && bound.status === 200)
    return followsFrom("bind-201", "an ordinary bind is answered 200 too", bound, answer);
  const carries = bodyOf(answer)["credentials"] !== undefined;
  const wrong202 = answer.status === 202 && carries;
  return worstOf([
    expectStatus(answer, [201, 202]),
    wrong202 ? fail("a 202 without binding information", "it has some", answer) : pass(answer),
  ]);
}

/** Judges each plan whose bindings can be rotated. */
const onEachRotatable =
  (judge: (context: OsbContext, offer: Offer) => Promise<Outcome>) =>
  (whole: OsbContext): Promise<Outcome> =>
    onEachPlan(whole, [ROTATABLE], judge);

/** Checks of spec.md, "Binding Rotation". */
export const bindingRotationChecks: readonly OsbCheck[] = [
  probe({
    id: "rotation-creates-new-binding",
    title: "A rotation creates a new binding",
    requirement: "A bind with predecessor_binding_id creates a new binding under the new id.",
    run: onEachRotatable(judgeSuccessor),
  }),
  probe({
    id: "rotation-old-binding-stays-valid",
    title: "A rotation keeps the old binding",
    requirement: "The old and the new binding are both valid until they expire or are deleted.",
    run: onEachRotatable(judgePredecessor),
  }),
  probe({
    id: "rotation-unknown-predecessor",
    title: "A rotation of an unknown binding is refused",
    requirement: "A predecessor that does not exist, or belongs to another instance, is invalid.",
    run: onEachRotatable(rotateUnknown),
  }),
  probe({
    id: "rotation-accepts-incomplete-422",
    title: "An asynchronous rotation without accepts_incomplete is refused with 422",
    requirement:
      "A rotation that can only be done asynchronously is refused with 422 and AsyncRequired when accepts_incomplete=true is missing.",
    run: (context) => {
      context.offer(ROTATABLE);
      return onEachAsyncPlan(context, "bind", rotateWithoutFlag);
    },
  }),
  probe({
    id: "rotation-response-as-bind",
    title: "A rotation is answered like a bind",
    requirement: "A rotation is answered as a bind is: 201 with, or 202 without binding information.",
    run: onEachRotatable(judgeRotationAnswer),
  }),
];
