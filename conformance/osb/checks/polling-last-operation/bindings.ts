import { notApplicable, type Outcome } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe, review } from "../../define.ts";
import { judgeLifecycles } from "../../judging/lifecycles.ts";
import { judgeUnknownPoll } from "../../judging/unknown-poll.ts";
import { isPolled } from "../../model/polls.ts";
import { BINDABLE } from "../../plan-requirements.ts";
import { pollInvalid, pollMalformed, pollRoundTrip, pollWithoutHints } from "./odd-polls.ts";
import { judge410, judgeAvailable, judgeEveryPoll, judgeKeptState, judgeProcessed, judgeRetryAfter } from "./polls.ts";

async function pollUnknownBinding(context: OsbContext): Promise<Outcome> {
  if (!(await isPolled(context.shared, "binding")))
    return notApplicable("no bind or unbind was answered 202: the route need not exist");
  const live = await context.live(BINDABLE);
  const bindingId = context.platform.newId();
  const answer = await context.platform.send("poll-binding", { instanceId: live.id, bindingId, intent: "bad" });
  return judgeUnknownPoll(context, "binding", answer);
}

/** Why a check of polls after the end does not apply. */
const UNPOLLED = { unmet: "no operation was answered 202 and polled to its end" } as const;

/** Checks of spec.md, "Polling Last Operation for Service Bindings". */
export const pollingLastOperationBindingsChecks: readonly OsbCheck[] = [
  review({
    id: "lastop-binding-available",
    title: "The operation of a binding can be polled",
    requirement: "After a 202 to a bind or an unbind the last_operation endpoint of the binding answers.",
    run: judgeAvailable("binding"),
  }),
  review({
    id: "lastop-binding-200",
    title: "A poll of a binding is answered 200",
    requirement: "A poll that the broker has processed is answered 200.",
    run: judgeEveryPoll("binding", judgeProcessed),
  }),
  review({
    id: "lastop-binding-410-only-deleting",
    title: "A poll of a binding is answered 410 only for an unbind",
    requirement: "410 has a meaning only while a binding is being removed.",
    run: judgeEveryPoll("binding", judge410),
  }),
  review({
    id: "lastop-binding-retry-after",
    title: "Retry-After of a binding's poll is a valid HTTP value",
    requirement: "A poll may carry Retry-After; it is then a number of seconds or an HTTP date.",
    run: judgeEveryPoll("binding", judgeRetryAfter),
  }),
  probe({
    id: "lastop-binding-400-malformed",
    title: "A malformed poll of a binding is answered 400",
    requirement: "A poll with malformed values is answered 400; a broker may also ignore them.",
    run: pollMalformed("binding"),
  }),
  probe({
    id: "lastop-binding-400-invalid",
    title: "A poll of a binding with an unknown operation is answered 200 or 400",
    requirement: "Invalid data in a poll, such as an unknown operation, may be answered 400.",
    run: pollInvalid("binding"),
  }),
  probe({
    id: "lastop-binding-service-plan-optional",
    title: "Polls of a binding work without service_id and plan_id",
    requirement: "service_id and plan_id are optional in a poll of a binding.",
    run: pollWithoutHints("binding"),
  }),
  probe({
    id: "lastop-binding-state-kept",
    title: "The final state of a binding's operation is kept",
    requirement: "A final state should not be forgotten right after it was first returned.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeKeptState("binding"), UNPOLLED),
  }),
  probe({
    id: "lastop-binding-404-unknown",
    title: "Polling an unknown binding is answered 404",
    requirement: "A poll of a binding that does not exist is answered 404.",
    run: pollUnknownBinding,
  }),
  probe({
    id: "lastop-binding-operation-roundtrip",
    title: "The broker takes its own operation back in polls of a binding",
    requirement: "The broker accepts the operation that it returned, also with characters that a URL has to encode.",
    run: pollRoundTrip("binding"),
  }),
];
