import { bodyOf } from "../../../client/http/observation.ts";
import type { Answer } from "../../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe, review } from "../../define.ts";
import { judgeLifecycles } from "../../judging/lifecycles.ts";
import { judgeUnknownPoll } from "../../judging/unknown-poll.ts";
import { isPolled } from "../../model/polls.ts";
import type { Lifecycle } from "../../sequences/lifecycles.ts";
import { standardAnswers } from "../../sequences/standard-answers.ts";
import { pollInvalid, pollMalformed, pollRoundTrip, pollWithoutHints } from "./odd-polls.ts";
import { judge410, judgeAvailable, judgeEveryPoll, judgeKeptState, judgeProcessed, judgeRetryAfter } from "./polls.ts";

function judgeRetryAfterForm(poll: Answer): Outcome | undefined {
  const value = poll.headers["retry-after"];
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? pass(poll) : fail("Retry-After as a number of seconds", value.slice(0, 60), poll);
}

function judgeFinalState(lifecycle: Lifecycle): Outcome | undefined {
  const outcomes = lifecycle.after.map(({ final, again }) => {
    const wrong = again.find((poll) => bodyOf(poll)["state"] === "in progress");
    return wrong === undefined
      ? pass(final, ...again)
      : fail("an ended operation to stay ended", "in progress again", final, wrong);
  });
  return outcomes.length > 0 ? worstOf(outcomes) : undefined;
}

/** A synchronous broker need not serve polls at all: what it answers there is outside the API. */
async function pollUnknownInstance(context: OsbContext): Promise<Outcome> {
  if (!(await isPolled(context.shared, "instance")))
    return notApplicable("nothing was answered 202: the route need not exist");
  const answer = await context.platform.send("poll-instance", { instanceId: context.platform.newId(), intent: "bad" });
  return judgeUnknownPoll(context, "instance", answer);
}

/** `instance_usable` belongs to failed updates and deletions, `update_repeatable` to failed updates. */
function judgeHints(member: "instance_usable" | "update_repeatable", allowed: readonly string[]) {
  return async (context: OsbContext): Promise<Outcome> => {
    const all = (await standardAnswers(context)).filter(
      (answer) => answer.operation === "poll-instance" && bodyOf(answer)[member] !== undefined,
    );
    if (all.length === 0) return notApplicable(`no poll has ${member}`);
    const wrong = all.find(({ polled }) => polled !== undefined && !allowed.includes(polled));
    if (wrong !== undefined)
      return fail(`${member} for ${allowed.join(" or ")} only`, `it comes with ${wrong.polled}`, wrong);
    const early = all.find((answer) => bodyOf(answer)["state"] !== "failed");
    return early === undefined
      ? pass(...all.slice(0, 2))
      : { ...fail(`${member} with a failure only`, "another state", early), verdict: "warn" };
  };
}

/** Why a check of polls after the end does not apply. */
const UNPOLLED = { unmet: "no operation was answered 202 and polled to its end" } as const;

/** Checks of spec.md, "Polling Last Operation for Service Instances". */
export const pollingLastOperationInstancesChecks: readonly OsbCheck[] = [
  review({
    id: "lastop-instance-available",
    title: "The operation of an instance can be polled",
    requirement:
      "After a 202 to a provision, an update or a deprovision the last_operation endpoint of the instance answers.",
    run: judgeAvailable("instance"),
  }),
  review({
    id: "lastop-instance-200",
    title: "A poll of an instance is answered 200",
    requirement: "A poll that the broker has processed is answered 200.",
    run: judgeEveryPoll("instance", judgeProcessed),
  }),
  review({
    id: "lastop-instance-410-only-deleting",
    title: "A poll of an instance is answered 410 only for a deletion",
    requirement: "410 has a meaning only while an instance is being deleted.",
    run: judgeEveryPoll("instance", judge410),
  }),
  review({
    id: "lastop-instance-retry-after",
    title: "Retry-After of an instance's poll is a valid HTTP value",
    requirement: "A poll may carry Retry-After; it is then a number of seconds or an HTTP date.",
    run: judgeEveryPoll("instance", judgeRetryAfter),
  }),
  probe({
    id: "lastop-instance-400-malformed",
    title: "A malformed poll of an instance is answered 400",
    requirement: "A poll with malformed values is answered 400; a broker may also ignore them.",
    run: pollMalformed("instance"),
  }),
  probe({
    id: "lastop-instance-400-invalid",
    title: "A poll of an instance with an unknown operation is answered 200 or 400",
    requirement: "Invalid data in a poll, such as an unknown operation, may be answered 400.",
    run: pollInvalid("instance"),
  }),
  probe({
    id: "lastop-instance-service-plan-optional",
    title: "Polls of an instance work without service_id and plan_id",
    requirement: "service_id and plan_id are optional in a poll of an instance.",
    run: pollWithoutHints("instance"),
  }),
  probe({
    id: "lastop-instance-state-kept",
    title: "The final state of an instance's operation is kept",
    requirement: "A final state should not be forgotten right after it was first returned.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeKeptState("instance"), UNPOLLED),
  }),
  probe({
    id: "lastop-instance-404-unknown",
    title: "Polling an unknown instance is answered 404",
    requirement: "A poll of an instance that does not exist is answered 404.",
    needs: { instances: 0 },
    run: pollUnknownInstance,
  }),
  probe({
    id: "lastop-operation-roundtrip",
    title: "The broker takes its own operation back in polls of an instance",
    requirement: "The broker accepts the operation that it returned, also with characters that a URL has to encode.",
    run: pollRoundTrip("instance"),
  }),
  review({
    id: "lastop-instance-retry-after-duration",
    title: "Retry-After of an instance's poll is a number of seconds",
    requirement: "A duration is the recommended form of Retry-After.",
    run: judgeEveryPoll("instance", judgeRetryAfterForm),
  }),
  probe({
    id: "lastop-instance-final-is-final",
    title: "An operation that has ended stays ended",
    requirement: 'An operation that was reported as succeeded or failed does not return to "in progress".',
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeFinalState, UNPOLLED),
  }),
  review({
    id: "lastop-instance-usable-place",
    title: "instance_usable comes with failed updates and deletions only",
    requirement: "instance_usable appears in polls only where an update or a deprovision has failed.",
    clauses: ["lastop-instance-usable-type"],
    run: judgeHints("instance_usable", ["update", "deprovision"]),
  }),
  review({
    id: "lastop-update-repeatable-place",
    title: "update_repeatable comes with failed updates only",
    requirement: "update_repeatable appears in polls only where an update has failed.",
    clauses: ["lastop-update-repeatable-type"],
    run: judgeHints("update_repeatable", ["update"]),
  }),
];
