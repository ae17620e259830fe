import { bodyOf } from "../../client/http/observation.ts";
import { type EndedOperation, isRemoved } from "../../client/polling.ts";
import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { expectErrorOf422 } from "../judge.ts";
import { judgeGone, judgeSecondDeletion } from "../judging/absence.ts";
import { judgeLifecycles } from "../judging/lifecycles.ts";
import { judgeResent, judgeSameOperation } from "../judging/resent.ts";
import { judgeBadEnd, obstacleIn, unservedDeletionIn } from "../model/stages.ts";
import { failDeprovision } from "../sequences/broken-backend.ts";
import { leftBy, type Lifecycle } from "../sequences/lifecycles.ts";
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
} from "./removal.ts";

/**
 * It is gone: by GET if that tells the truth, else because the next deletion is refused. If the next deletion looks like success it shows nothing,
 * because a broker may answer so to anything that does not exist; that is the finding of `deprovision-410-after-delete`.
 */
function judgeDeprovisioned(lifecycle: Lifecycle): Outcome | undefined {
  const { deprovision, controls } = lifecycle;
  if (deprovision === undefined) return leftBy(lifecycle, "deprovision");
  if (!isRemoved(deprovision)) return judgeStuck(lifecycle, deprovision);
  return judgeGone({
    kind: "instance",
    live: lifecycle.fetched,
    unknown: controls.fetchInstance,
    deletion: deprovision.answer,
    fetched: lifecycle.fetchedGone,
    again: controls.deprovisionAgain,
    control: controls.deprovision,
  });
}

/** An instance that could not be deleted while it had a binding that could not be removed: the fault is the unbind's. */
function judgeStuck(lifecycle: Lifecycle, deprovision: EndedOperation): Outcome {
  const { unbind, unbindSurvivor } = lifecycle;
  const bound = [unbind, unbindSurvivor].find((each) => each !== undefined && !isRemoved(each));
  return bound === undefined || unservedDeletionIn(lifecycle, "deprovision") !== undefined
    ? judgeBadEnd("deprovision", "the instance to be deleted", deprovision)
    : obstacleIn("unbind", bound);
}

function judgeDeletedAgain({ deprovision, fetchedGone, controls, ...rest }: Lifecycle) {
  const { deprovisionAgain } = controls;
  if (deprovision === undefined || deprovisionAgain === undefined) return undefined;
  return judgeSecondDeletion({
    kind: "instance",
    live: rest.fetched,
    unknown: controls.fetchInstance,
    deletion: deprovision.answer,
    fetched: fetchedGone,
    again: deprovisionAgain,
    control: controls.deprovision,
  });
}

async function judgeHintsOfDeprovision(context: OsbContext): Promise<Outcome> {
  const failed = await failDeprovision(context);
  const last = failed.polls.at(-1) ?? failed.answer;
  if (failed.state === "succeeded" || failed.state === "gone")
    return notApplicable("no deletion failed", failed.answer);
  const body = bodyOf(last);
  if (body["update_repeatable"] !== undefined) return fail("no update_repeatable", "it is there", last);
  const usable = body["instance_usable"];
  return usable === undefined || typeof usable === "boolean"
    ? pass(last)
    : fail("a boolean instance_usable", JSON.stringify(usable), last);
}

/** Checks of spec.md, "Deprovisioning". */
export const deprovisioningChecks: readonly OsbCheck[] = [
  probe({
    id: "deprovision-deletes-resources",
    title: "A deprovisioned instance is gone",
    requirement: "Deprovisioning removes what the provision created: nothing is left to fetch or to delete.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeDeprovisioned, { stage: "deprovision" }),
  }),
  probe({
    id: "deprovision-missing-service-id-400",
    title: "A deprovision without service_id is answered 400 and deletes nothing",
    requirement: "A deprovision without service_id is answered 400, and the instance stays.",
    needs: { isLong: true },
    run: removeWithout("deprovision", "service_id"),
  }),
  probe({
    id: "deprovision-missing-plan-id-400",
    title: "A deprovision without plan_id is answered 400 and deletes nothing",
    requirement: "A deprovision without plan_id is answered 400, and the instance stays.",
    needs: { isLong: true },
    run: removeWithout("deprovision", "plan_id"),
  }),
  probe({
    id: "deprovision-invalid-service-or-plan",
    title: "A deprovision with another service_id and plan_id either succeeds or deletes nothing",
    requirement: "A deprovision with ids that are not the instance's may be answered 400; refused, it deletes nothing.",
    run: removeMismatched("deprovision"),
  }),
  probe({
    id: "deprovision-accepts-incomplete-422",
    title: "An asynchronous deprovision without accepts_incomplete is refused with 422",
    requirement:
      "A deprovision that can only be done asynchronously is refused with 422 when accepts_incomplete=true is missing.",
    run: removeWithoutFlag("deprovision", (answer) => expectUnflagged(answer, 200)),
  }),
  probe({
    id: "deprovision-422-async-error-code",
    title: "The refusal of a synchronous deprovision carries AsyncRequired",
    requirement: "The 422 for a missing accepts_incomplete carries the error code AsyncRequired.",
    run: removeWithoutFlag("deprovision", (answer) => expectErrorOf422(answer, "AsyncRequired")),
  }),
  probe({
    id: "deprovision-200",
    title: "A successful deprovision is answered 200 or 202",
    requirement: "An instance deleted at once is answered 200, one whose deletion is in progress 202.",
    clauses: ["deprovision-200", "deprovision-202"],
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(context, judgeRemovalStatus("deprovision", context.minor), { stage: "deprovision" }),
  }),
  probe({
    id: "deprovision-resent-while-in-progress-202",
    title: "The same deprovision sent again while in progress is answered 202",
    requirement: "An identical deprovision sent again before the first has ended is answered 202.",
    needs: { exclusive: true },
    run: (context) => resendRemoval(context, "deprovision", judgeResent),
  }),
  probe({
    id: "deprovision-resent-same-operation",
    title: "The same deprovision sent again returns the same operation",
    requirement: "The 202 for a deprovision that is sent again repeats the operation of the first answer.",
    needs: { exclusive: true },
    run: (context) => resendRemoval(context, "deprovision", (answer, started) => judgeSameOperation(started, answer)),
  }),
  probe({
    id: "deprovision-410-unknown",
    title: "Deprovisioning an unknown instance is answered 410",
    requirement: "An instance that does not exist is answered 410.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeRemovalOfUnknown("deprovision")),
  }),
  probe({
    id: "deprovision-410-after-delete",
    title: "Deprovisioning a deleted instance is answered 410",
    requirement: "An instance that has been deleted is answered 410.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeDeletedAgain, { stage: "deprovision" }),
  }),
  probe({
    id: "deprovision-malformed-400",
    title: "A deprovision with a malformed accepts_incomplete is processed or answered 400",
    requirement:
      "A deprovision with a malformed query is answered 400; a broker may also ignore what it does not understand.",
    run: removeMalformed("deprovision"),
  }),
  probe({
    id: "deprovision-during-provision-halts",
    title: "Deprovisioning an instance that is being made ends with it gone",
    requirement:
      "A deprovision that is accepted while the provision is in progress halts the provision; in the end there is no instance.",
    needs: { exclusive: true },
    run: judgeHalted("deprovision"),
  }),
  probe({
    id: "deprovision-during-provision-lastop-async",
    title: "Polls after an asynchronous early deprovision are about the deprovision",
    requirement: "After a deprovision during a provision is answered 202, last_operation is about the deprovision.",
    needs: { exclusive: true },
    run: judgePolls("deprovision", 202, "polls to be about the deletion", isAboutDeletion),
  }),
  probe({
    id: "deprovision-during-provision-lastop-sync",
    title: "Polls after a synchronous early deprovision say that the provision failed",
    requirement:
      "After a deprovision during a provision is answered 200, last_operation says that the provision failed.",
    needs: { exclusive: true },
    run: judgePolls("deprovision", 200, "polls to say that the creation failed", isAboutFailure),
  }),
  probe({
    id: "deprovision-busy-422",
    title: "Deprovisioning an instance during an update is accepted or refused with 422",
    requirement: "A deprovision that is refused because of another operation on the instance is answered 422.",
    needs: { exclusive: true },
    run: judgeBusyRemoval("deprovision", judgeBusyStatus),
  }),
  probe({
    id: "deprovision-busy-error-code",
    title: "The refusal of a deprovision during an update carries ConcurrencyError",
    requirement: "The 422 for a deprovision during another operation carries the error code ConcurrencyError.",
    needs: { exclusive: true },
    run: judgeBusyRemoval("deprovision", judgeBusyCode),
  }),
  probe({
    id: "deprovision-failed-instance-usable",
    title: "A failed deprovision hints with instance_usable only",
    requirement:
      "A failed deprovision may say with a boolean instance_usable whether the instance is usable; update_repeatable has no place there.",
    needs: { exclusive: true },
    run: judgeHintsOfDeprovision,
  }),
];
