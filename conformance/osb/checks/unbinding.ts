import { fail, followsFrom, type Outcome, pass, unknown } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { isSuccess } from "../../client/request.ts";
import { isRemoved } from "../../client/polling.ts";
import { expectErrorOf422, expectStatus, seenOf } from "../judge.ts";
import { judgeGone, judgeSecondDeletion, type Removed } from "../judging/absence.ts";
import { judgeLifecycles } from "../judging/lifecycles.ts";
import { judgeResent, judgeSameOperation } from "../judging/resent.ts";
import { judgeBadEnd } from "../model/stages.ts";
import { BINDABLE } from "../plan-requirements.ts";
import { leftBy, type Lifecycle, lifecycleOf } from "../sequences/lifecycles.ts";
import {
  isAboutDeletion,
  isAboutFailure,
  judgeBusyCode,
  judgeBusyRemoval,
  judgeBusyStatus,
  judgeHalted,
  judgePolls,
  resendRemoval,
} from "./early-removal.ts";
import {
  expectUnflagged,
  judgeRemovalOfUnknown,
  judgeRemovalStatus,
  removeMalformed,
  removeMismatched,
  removeWithout,
  removeWithoutFlag,
  unlessAlso,
} from "./removal.ts";

/** Why a check of bindings does not apply although an instance was reached. */
const BOUND = { unmet: BINDABLE.unmet, plan: BINDABLE } as const;

const bad = { intent: "bad" } as const;

/** A binding of no instance does not exist, and what does not exist is gone: 410, and nothing is said of 404. */
async function unbindUnknownInstance(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(BINDABLE);
  const { platform } = context;
  const answer = await platform.unbind(offer, platform.newId(), platform.newId(), bad);
  const { controls } = await lifecycleOf(context.shared, offer);
  return unlessAlso(expectStatus(answer, [410]), answer, controls.unbind, "unbind-410-unknown");
}

/** What was seen of the second binding after its removal. */
const removalOf = ({ unbind, fetchedUnbound, fetchedBindings, controls }: Lifecycle): Removed | undefined =>
  unbind === undefined
    ? undefined
    : {
        kind: "binding",
        live: fetchedBindings[1],
        unknown: controls.fetchBinding,
        deletion: unbind.answer,
        fetched: fetchedUnbound,
        again: controls.unbindAgain,
        control: controls.unbind,
      };

/** As for instances: a repeated deletion that looks like success shows nothing. */
function judgeUnbound(lifecycle: Lifecycle): Outcome | undefined {
  const { unbind } = lifecycle;
  const removed = removalOf(lifecycle);
  if (unbind === undefined || removed === undefined) return leftBy(lifecycle, "unbind");
  if (isRemoved(unbind)) return judgeGone(removed);
  return judgeBadEnd("unbind", "the binding to be removed", unbind);
}

function judgeUnboundAgain(lifecycle: Lifecycle): Outcome | undefined {
  const removed = removalOf(lifecycle);
  return removed?.again === undefined ? undefined : judgeSecondDeletion({ ...removed, again: removed.again });
}

/** By GET where that showed the binding before; else its own deletion shows it, where the broker tells bindings from nothing. */
function judgeOtherBindings(lifecycle: Lifecycle): Outcome | undefined {
  const { unbind, fetchedBindings, fetchedSurvivor, unbindSurvivor, controls } = lifecycle;
  if (unbind === undefined || unbindSurvivor === undefined) return undefined;
  const canFetch = fetchedBindings[0]?.status === 200 && controls.fetchBinding?.status !== 200;
  if (canFetch && fetchedSurvivor?.status === 200) return pass(unbind.answer, fetchedSurvivor);
  if (canFetch && fetchedSurvivor?.status === 404)
    return fail("the other binding to stay", seenOf(fetchedSurvivor), unbind.answer, fetchedSurvivor);
  const { answer } = unbindSurvivor;
  if (controls.unbind === undefined || isSuccess(controls.unbind)) {
    const reason = "the removal of a binding that never was looks like success, so a removal shows nothing";
    return followsFrom("unbind-410-unknown", reason, ...(controls.unbind ? [controls.unbind] : []), answer);
  }
  if (isSuccess(answer)) return pass(unbind.answer, answer);
  return answer.status === 404 || answer.status === 410
    ? fail("the other binding to be there to remove", seenOf(answer), unbind.answer, answer)
    : unknown(`the removal of the other binding is answered ${seenOf(answer)}`, unbind.answer, answer);
}

/** Checks of spec.md, "Unbinding". */
export const unbindingChecks: readonly OsbCheck[] = [
  probe({
    id: "unbind-deletes-resources",
    title: "An unbound binding is gone",
    requirement: "Unbinding removes what the binding created: nothing is left to fetch or to remove.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeUnbound, { ...BOUND, stage: "unbind" }),
  }),
  probe({
    id: "unbind-missing-service-id-400",
    title: "An unbind without service_id is answered 400 and removes nothing",
    requirement: "An unbind without service_id is answered 400, and the binding stays.",
    run: removeWithout("unbind", "service_id"),
  }),
  probe({
    id: "unbind-missing-plan-id-400",
    title: "An unbind without plan_id is answered 400 and removes nothing",
    requirement: "An unbind without plan_id is answered 400, and the binding stays.",
    run: removeWithout("unbind", "plan_id"),
  }),
  probe({
    id: "unbind-invalid-service-or-plan",
    title: "An unbind with another service_id and plan_id either succeeds or removes nothing",
    requirement: "An unbind with ids that are not the instance's may be answered 400; refused, it removes nothing.",
    run: removeMismatched("unbind"),
  }),
  probe({
    id: "unbind-accepts-incomplete-422",
    title: "An asynchronous unbind without accepts_incomplete is refused with 422",
    requirement:
      "An unbind that can only be done asynchronously is refused with 422 when accepts_incomplete=true is missing.",
    run: removeWithoutFlag("unbind", (answer) => expectUnflagged(answer, 200)),
  }),
  probe({
    id: "unbind-422-async-error-code",
    title: "The refusal of a synchronous unbind carries AsyncRequired",
    requirement: "The 422 for a missing accepts_incomplete carries the error code AsyncRequired.",
    run: removeWithoutFlag("unbind", (answer) => expectErrorOf422(answer, "AsyncRequired")),
  }),
  probe({
    id: "unbind-200",
    title: "A successful unbind is answered 200 or 202",
    requirement: "A binding removed at once is answered 200, one whose removal is in progress 202 (from 2.14).",
    clauses: ["unbind-200", "unbind-202"],
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(context, judgeRemovalStatus("unbind", context.minor), { ...BOUND, stage: "unbind" }),
  }),
  probe({
    id: "unbind-resent-while-in-progress-202",
    title: "The same unbind sent again while in progress is answered 202",
    requirement: "An identical unbind sent again before the first has ended is answered 202.",
    needs: { exclusive: true },
    run: (context) => resendRemoval(context, "unbind", judgeResent),
  }),
  probe({
    id: "unbind-resent-same-operation",
    title: "The same unbind sent again returns the same operation",
    requirement: "The 202 for an unbind that is sent again repeats the operation of the first answer.",
    needs: { exclusive: true },
    run: (context) => resendRemoval(context, "unbind", (answer, started) => judgeSameOperation(started, answer)),
  }),
  probe({
    id: "unbind-410-unknown",
    title: "Unbinding an unknown binding is answered 410",
    requirement: "A binding that does not exist is answered 410.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeRemovalOfUnknown("unbind"), BOUND),
  }),
  probe({
    id: "unbind-410-after-delete",
    title: "Unbinding a removed binding is answered 410",
    requirement: "A binding that has been removed is answered 410.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeUnboundAgain, { ...BOUND, stage: "unbind" }),
  }),
  probe({
    id: "unbind-malformed-400",
    title: "An unbind with a malformed accepts_incomplete is processed or answered 400",
    requirement:
      "An unbind with a malformed query is answered 400; a broker may also ignore what it does not understand.",
    run: removeMalformed("unbind"),
  }),
  probe({
    id: "unbind-during-bind-halts",
    title: "Unbinding a binding that is being made ends with it gone",
    requirement:
      "An unbind that is accepted while the bind is in progress halts the bind; in the end there is no binding.",
    needs: { exclusive: true },
    run: judgeHalted("unbind"),
  }),
  probe({
    id: "unbind-during-bind-lastop-async",
    title: "Polls after an asynchronous early unbind are about the unbind",
    requirement: "After an unbind during a bind is answered 202, last_operation is about the unbind.",
    needs: { exclusive: true },
    run: judgePolls("unbind", 202, "polls to be about the deletion", isAboutDeletion),
  }),
  probe({
    id: "unbind-during-bind-lastop-sync",
    title: "Polls after a synchronous early unbind say that the bind failed",
    requirement: "After an unbind during a bind is answered 200, last_operation says that the bind failed.",
    needs: { exclusive: true },
    run: judgePolls("unbind", 200, "polls to say that the creation failed", isAboutFailure),
  }),
  probe({
    id: "unbind-busy-422",
    title: "Unbinding a binding that is being made is accepted or refused with 422",
    requirement: "An unbind that is refused because of another operation on the binding is answered 422.",
    needs: { exclusive: true },
    run: judgeBusyRemoval("unbind", judgeBusyStatus),
  }),
  probe({
    id: "unbind-busy-error-code",
    title: "The refusal of an early unbind carries ConcurrencyError",
    requirement: "The 422 for an unbind during another operation carries the error code ConcurrencyError.",
    needs: { exclusive: true },
    run: judgeBusyRemoval("unbind", judgeBusyCode),
  }),
  probe({
    id: "unbind-410-unknown-instance",
    title: "Unbinding from an unknown instance is answered 410",
    requirement: "A binding of an instance that does not exist does not exist either: 410.",
    needs: { instances: 0 },
    run: unbindUnknownInstance,
  }),
  probe({
    id: "unbind-leaves-other-bindings",
    title: "Unbinding leaves the other bindings of the instance",
    requirement: "Removing one binding leaves the others of the instance in place.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeOtherBindings, { ...BOUND, stage: "unbind" }),
  }),
];
