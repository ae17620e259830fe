import type { Answer, Operation } from "../../../client/answer.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { stateOf } from "../../../client/polling.ts";
import { fail, followsFrom, type Outcome, pass, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { expectStatus, seenOf } from "../../judge.ts";
import type { ThingKind } from "../../model/deletions.ts";
import { polledAgain } from "../../model/polls.ts";
import { asyncBindOffer, asyncOffer } from "../../sequences/asynchronous-plans.ts";
import { allLifecycles, type Lifecycle } from "../../sequences/lifecycles.ts";
import { ordinaryPolls } from "../../sequences/standard-answers.ts";

const MAKING: readonly (Operation | undefined)[] = ["provision", "update", "bind"];

const isDeleting = ({ polled }: Answer): boolean => polled === "deprovision" || polled === "unbind";

/**
 * Judges the ordinary polls of the standard stories, from the first to the one that reported the end. How a poll after the end is answered is up to
 * `lastop-*-state-kept` and to no other check.
 */
export function judgeEveryPoll(kind: ThingKind, judge: (poll: Answer, kind: ThingKind) => Outcome | undefined) {
  return async (context: OsbContext): Promise<Outcome> => {
    const polls = await ordinaryPolls(context, kind);
    const outcomes = polls.map((poll) => judge(poll, kind)).filter((outcome) => outcome !== undefined);
    if (outcomes.length > 0) return worstOf(outcomes);
    await (kind === "instance" ? asyncOffer : asyncBindOffer)(context);
    return {
      verdict: "not-applicable",
      reason: `none of the ${polls.length} polls that were sent is one that the clause is about`,
      evidence: polls.slice(0, 2),
    };
  };
}

/** The operations of a lifecycle on its instance, or on its bindings, that were accepted to be polled. */
function operationsOf({ provision, binds, unbind, deprovision }: Lifecycle, kind: ThingKind) {
  const ended = kind === "instance" ? [provision, deprovision] : [...binds, unbind];
  return ended.filter((each) => each !== undefined).filter(({ answer }) => answer.status === 202);
}

/**
 * Polls are answered from the first one on. A broker that fails now and then does so at any request; one whose operations can't be polled yet
 * fails at most first polls, and at none of those that follow.
 */
export function judgeAvailable(kind: ThingKind) {
  const judgeAll = judgeEveryPoll(kind, judgeServed);
  return async (context: OsbContext): Promise<Outcome> => {
    const operations = (await allLifecycles(context.shared)).flatMap((lifecycle) => operationsOf(lifecycle, kind));
    const stumbled = operations.map((each) => each.stumbled).filter((answer) => answer !== undefined);
    const [first] = stumbled;
    return first !== undefined && stumbled.length > 1 && stumbled.length * 2 > operations.length
      ? fail("the endpoint to answer at once", seenOf(first), ...stumbled)
      : judgeAll(context);
  };
}

/** The endpoint answers; a deletion may be answered 404 or 410. */
function judgeServed(poll: Answer, kind: ThingKind): Outcome {
  const isGone = isDeleting(poll) && [404, 410].includes(poll.status);
  if (poll.status < 400 || isGone) return pass(poll);
  return poll.status === 410
    ? followsFrom(`lastop-${kind}-410-only-deleting`, `a poll is answered 410 for ${poll.polled}`, poll)
    : fail("the endpoint to answer", seenOf(poll), poll);
}

/** A poll that is answered, and not about something that is gone, is answered 200. */
export function judgeProcessed(poll: Answer, kind: ThingKind): Outcome | undefined {
  if (isDeleting(poll) && [404, 410].includes(poll.status)) return undefined;
  return poll.status < 400
    ? expectStatus(poll, [200])
    : followsFrom(`lastop-${kind}-available`, `a poll is answered ${seenOf(poll)}`, poll);
}

/** No 410 while something is made or changed. */
export const judge410 = (poll: Answer): Outcome | undefined =>
  MAKING.includes(poll.polled) ? expectNot410(poll) : undefined;

function expectNot410(poll: Answer): Outcome {
  return poll.status === 410
    ? fail("410 only while something is being deleted", `410 for ${poll.polled}`, poll)
    : pass(poll);
}

/** Retry-After, where it is there, is a valid HTTP value. */
export function judgeRetryAfter(poll: Answer): Outcome | undefined {
  const value = poll.headers["retry-after"];
  if (value === undefined) return undefined;
  const isValid = /^\d+$/.test(value) || (value.endsWith("GMT") && !Number.isNaN(Date.parse(value)));
  return isValid ? pass(poll) : fail("Retry-After in seconds or as an HTTP date", value.slice(0, 60), poll);
}

/** A refused poll about something whose deletion was reported to have ended: no platform asks, and no status is prescribed. */
const isPollOfNothing = (poll: Answer): boolean => isDeleting(poll) && poll.status >= 400 && poll.status < 500;

/** Polls after the final one report the same state. */
export function judgeKeptState(kind: ThingKind) {
  return (lifecycle: Lifecycle): Outcome | undefined => {
    const outcomes = polledAgain(lifecycle, kind).map(({ final, again }) => {
      const isKept = again.every((poll) => stateOf(poll) === stateOf(final) || isPollOfNothing(poll));
      if (isKept) return pass(final, ...again);
      return again.some((poll) => bodyOf(poll)["state"] === "in progress")
        ? followsFrom("lastop-instance-final-is-final", "it is in progress again", final, ...again)
        : fail(`"${stateOf(final)}" again`, again.map(seenOf).join(", "), final, ...again);
    });
    return outcomes.length > 0 ? worstOf(outcomes) : undefined;
  };
}
