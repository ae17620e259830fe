import { isObject } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import { BODY_RULES, fits } from "../bodies.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { isDeletion, isUnrouted, type Judge, judgeEvery } from "../judging/every-answer.ts";
import { ANY } from "../plan-requirements.ts";
import { failProvision } from "../sequences/broken-backend.ts";
import { isSuccess } from "../../client/request.ts";
import { NoAnswer } from "../../client/no-answer.ts";

async function judgeCleanUpAfterFailure(context: OsbContext): Promise<Outcome> {
  const { failed, deletion } = await failProvision(context);
  if (failed.state !== "failed" || failed.answer.status !== 202)
    return notApplicable(`no operation failed: ${seenOf(failed.answer)}`, failed.answer);
  return expectStatus(deletion, [200, 202, 410]);
}

async function judgeCleanUpAfter5xx(context: OsbContext): Promise<Outcome> {
  const { failed, deletion } = await failProvision(context);
  if (failed.answer.status < 500) return notApplicable(`no 5xx was provoked: ${seenOf(failed.answer)}`, failed.answer);
  return expectStatus(deletion, [200, 202, 410]);
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
  const { state } = await platform.settle(offer, deletion);
  const again = await platform.deprovision(offer, id);
  await platform.settle(offer, again);
  if (![200, 202, 410, 422].includes(deletion.status))
    return fail("the clean-up to be answered 200, 202 or 410", seenOf(deletion), deletion, again);
  const isOver = deletion.status === 410 || state === "succeeded" || state === "gone";
  return isOver && isSuccess(again)
    ? fail("nothing to be left after the clean-up", `the next deletion answers ${seenOf(again)}`, deletion, again)
    : pass(deletion, again);
}

/** Mistyped members of a success make it worthless to a platform. */
const findMalformed: Judge = (answer) => {
  if (!isObject(answer.json)) return answer.problem ?? "not an object";
  const rules = BODY_RULES.filter(
    ({ on, status, at, member: name, level }) =>
      on.includes(answer.operation) &&
      status.includes(answer.status) &&
      at.length === 0 &&
      name !== "" &&
      level === undefined,
  );
  const broken = rules.find(
    ({ member: name, schema }) =>
      bodyOf(answer)[name] !== undefined && bodyOf(answer)[name] !== null && !fits(schema, bodyOf(answer)[name]),
  );
  return broken === undefined ? undefined : `${broken.member} is not ${broken.words}`;
};

/** Nothing that a platform gave up is still there: every deletion of the clean-up was answered as the rules say. */
function judgeCleanUp(context: OsbContext): Outcome {
  const deletions = context.run.answers.filter(
    (answer) => answer.intent === "cleanup" && isDeletion(answer) && !isUnrouted(answer, context),
  );
  if (deletions.length === 0) return notApplicable("nothing had to be cleaned up");
  const isBusy = (answer: Answer) => answer.status === 422 && bodyOf(answer)["error"] === "ConcurrencyError";
  const wrong = deletions.filter((answer) => ![200, 202, 410].includes(answer.status) && !isBusy(answer));
  const [first] = wrong;
  return first === undefined
    ? pass(...deletions.slice(0, 3))
    : fail("each deletion to be answered 200, 202 or 410", seenOf(first), ...wrong.slice(0, 3));
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
    run: judgeEvery(
      "a well-formed body",
      ({ operation, status, bytes }) =>
        isSuccess({ status }) && (bytes.byteLength > 0 || operation === "provision" || operation === "bind"),
      findMalformed,
      "no success was seen",
    ),
  }),
  review({
    id: "orphan-broker-knows-only-platform-resources",
    title: "Every clean-up deletion is answered 200, 202 or 410",
    requirement:
      "Nothing that a platform gave up is still there: every deletion of its clean-up is answered as the specification says.",
    run: judgeCleanUp,
  }),
];
