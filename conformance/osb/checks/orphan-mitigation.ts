import { isObject } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, worstOf } from "../../runner/check.ts";
import { bodyCheckOf, isUndeserved } from "../bodies.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { obstacleTo } from "../model/stages.ts";
import { lookFor } from "../model/presence.ts";
import { ANY, BINDABLE } from "../plan-requirements.ts";
import { failProvision } from "../sequences/broken-backend.ts";
import { lifecycleOf } from "../sequences/lifecycles.ts";
import { refusedRequests } from "../sequences/refused-requests.ts";
import { standardAnswers } from "../sequences/standard-answers.ts";
import { unlessAlso } from "./removal.ts";
import { isSuccess } from "../../client/request.ts";
import { NoAnswer } from "../../client/no-answer.ts";
import { isRemoved } from "../../client/polling.ts";

async function judgeCleanUpAfterFailure(context: OsbContext): Promise<Outcome> {
  const { offer, failed, deletion } = await failProvision(context);
  if (failed.state !== "failed" || failed.answer.status !== 202)
    return notApplicable(
      `it is about an operation that fails after its 202, and with its backend broken this broker answers ${seenOf(failed.answer)}`,
      failed.answer,
    );
  return judgeOrphan(context, offer, deletion);
}

async function judgeCleanUpAfter5xx(context: OsbContext): Promise<Outcome> {
  const { offer, failed, deletion } = await failProvision(context);
  if (failed.answer.status < 500)
    return notApplicable(
      `it is about a provision that is answered 5xx, and with its backend broken this broker answers ${seenOf(failed.answer)}`,
      failed.answer,
    );
  return judgeOrphan(context, offer, deletion);
}

/**
 * The deletion of what was not created. It may show nothing: a deletion of what never existed may be answered just as wrongly, which is another
 * finding.
 */
async function judgeOrphan(context: OsbContext, offer: Offer, deletion: Answer): Promise<Outcome> {
  const { controls, deprovision } = await lifecycleOf(context.shared, offer);
  const outcome = expectStatus(deletion, [200, 202, 410]);
  if (outcome.verdict !== "pass" && deprovision?.answer.status === deletion.status)
    return followsFrom("deprovision-200", `an ordinary deletion is answered ${seenOf(deletion)} too`, deletion);
  return unlessAlso(outcome, deletion, controls.deprovision, "deprovision-410-unknown");
}

/** How long an abandoned request has to arrive where instances are made, in milliseconds. */
const HEAD_START_MS = 1_000;

/** The client walks away in the middle; then the platform deletes what may have come to be. */
async function abandonProvision(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const { platform } = context;
  const id = platform.newId();
  const answered = await context.provision(offer, id, { abandon: true }).catch((error: unknown) => {
    if (error instanceof NoAnswer && error.fault === "abandoned") return undefined;
    throw error;
  });
  if (answered !== undefined) return notApplicable("the broker answered before the client was gone", answered);
  // The deletion must not overtake the request: then it would be right that there is no such thing.
  await platform.settings.clock.sleepMs(HEAD_START_MS);
  const deletion = await platform.deprovision(offer, id);
  const ended = await platform.settle(offer, deletion);
  if (![200, 202, 410, 422].includes(deletion.status)) return judgeDenial(context, offer, deletion);
  if (deletion.status !== 410 && !isRemoved(ended)) return pass(deletion);
  const left = await lookFor(context, { offer, instanceId: id, bindingId: "" }, "deleted");
  if (left.is === "untold") return left.outcome;
  return left.is === "there"
    ? fail("nothing to be left after the clean-up", "it is there", deletion, ...left.evidence)
    : pass(deletion, ...left.evidence);
}

/** A status that no clause prescribes for a deletion: usually the one for what never existed, which is another finding. */
async function judgeDenial(context: OsbContext, offer: Offer, deletion: Answer): Promise<Outcome> {
  const lifecycle = await lifecycleOf(context.shared, offer);
  const obstacle = obstacleTo(lifecycle, "provision");
  if (obstacle !== undefined) return obstacle;
  if (lifecycle.provision.answer.status === 202)
    return followsFrom("concurrency-422", `a deletion during the provision is answered ${seenOf(deletion)}`, deletion);
  return judgeOrphan(context, offer, deletion);
}

const isBusy = (answer: Answer): boolean => answer.status === 422 && bodyOf(answer)["error"] === "ConcurrencyError";

const hasBody = (answer: Answer): boolean =>
  isSuccess(answer) &&
  !isUndeserved(answer) &&
  (answer.bytes.byteLength > 0 || answer.operation === "provision" || answer.operation === "bind");

/**
 * Whether a platform can read the body of a success at all: as a JSON object. A member of the wrong kind is the finding of that member's check;
 * likewise a body for which a clause of its own demands an object.
 */
async function judgeSuccessBodies(context: OsbContext): Promise<Outcome> {
  const answers = (await standardAnswers(context)).filter(hasBody);
  const wrong = answers.filter(({ json }) => !isObject(json));
  if (answers.length === 0) return notApplicable("no success was seen");
  const outcomes = wrong.map((answer): Outcome => {
    const judgedBy = bodyCheckOf(answer, context.minor);
    const seen = `${answer.problem ?? "not an object"} (${answer.operation})`;
    return judgedBy === undefined ? fail("a well-formed body", seen, answer) : followsFrom(judgedBy, seen, answer);
  });
  return outcomes.length === 0 ? pass(...answers.slice(0, 3)) : worstOf(outcomes);
}

/** What a platform gave up does not exist: deletions that follow refused creations are answered as the rules say. */
async function judgeCleanUp(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY);
  const deletions = (await refusedRequests(context))
    .map(({ deletion }) => deletion)
    .filter((each) => each !== undefined);
  if (deletions.length === 0) return notApplicable("no creation was refused with a 4xx");
  const wrong = deletions.filter((answer) => ![200, 202, 410].includes(answer.status) && !isBusy(answer));
  const { controls } = await lifecycleOf(context.shared, offer);
  const outcomes = wrong.map((answer) => {
    const isBinding = answer.bindingId !== "";
    const outcome = fail("each deletion to be answered 200, 202 or 410", seenOf(answer), answer);
    return isBinding
      ? unlessAlso(outcome, answer, controls.unbind, "unbind-410-unknown")
      : unlessAlso(outcome, answer, controls.deprovision, "deprovision-410-unknown");
  });
  return outcomes.length === 0 ? pass(...deletions.slice(0, 3)) : worstOf(outcomes);
}

/** Checks of spec.md, "Orphan Mitigation". */
export const orphanMitigationChecks: readonly OsbCheck[] = [
  probe({
    id: "orphan-delete-after-failed-async-provision",
    title: "An instance that failed to be made can be deleted",
    requirement: "The deletion that follows a failed asynchronous provision is answered 200, 202 or 410.",
    needs: { exclusive: true },
    run: judgeCleanUpAfterFailure,
  }),
  probe({
    id: "orphan-delete-after-5xx-provision",
    title: "An instance whose provision was answered 5xx can be deleted",
    requirement: "The deletion that follows a provision answered 5xx is answered 200, 202 or 410.",
    needs: { exclusive: true },
    run: judgeCleanUpAfter5xx,
  }),
  probe({
    id: "orphan-delete-after-timeout",
    title: "An instance whose provision was abandoned can be deleted",
    requirement:
      "The deletion that follows a provision whose answer the platform never got is answered 200, 202 or 410, and leaves nothing.",
    run: abandonProvision,
  }),
  review({
    id: "broker-well-formed-success-bodies",
    title: "Success comes with a well-formed body",
    requirement: "A 201/202 body that is not well-formed counts as a failure for the platform.",
    run: judgeSuccessBodies,
  }),
  review({
    id: "orphan-broker-knows-only-platform-resources",
    title: "Every clean-up deletion is answered 200, 202 or 410",
    requirement:
      "Nothing that a platform gave up is still there: every deletion of its clean-up is answered as the specification says.",
    run: judgeCleanUp,
  }),
];
