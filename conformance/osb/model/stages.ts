import type { Answer } from "../../client/answer.ts";
import { isBindable } from "../../client/catalog.ts";
import { type EndedOperation, isRemoved } from "../../client/polling.ts";
import { bodyOf } from "../../client/http/observation.ts";
import { fail, followsFrom, notApplicable, type Outcome, unknown } from "../../runner/check.ts";
import type { Lifecycle } from "../sequences/lifecycles.ts";
import { describeRefusal, isUnserved, isWanting } from "./refusals.ts";

/** How far a lifecycle must have come for something to be judged in it. */
export type Stage = "provision" | "bind" | "unbind" | "deprovision";

/** The check whose finding it is that an ordinary request of this kind does not work. */
export const JUDGED_BY = {
  provision: "provision-creates-resource",
  bind: "bind-creates-binding",
  unbind: "unbind-deletes-resources",
  deprovision: "deprovision-deletes-resources",
} as const satisfies Readonly<Record<Stage, string>>;

/** How an operation ended, in words. `beside` says that the ordinary request is accepted, so nothing is missing. */
export function describeEnd({ state, answer, polls }: EndedOperation, beside?: "accepted"): string {
  if (state === "refused") return `is answered ${describeRefusal(answer, beside)}`;
  if (state === "timed-out") return "does not end in time";
  const last = polls.at(-1) ?? answer;
  if (state === "unreadable") {
    const what = last.status === 200 ? "200 without a state that a platform can read" : String(last.status);
    return `cannot be followed: its poll is answered ${what}`;
  }
  return state === "gone" ? `ends in ${last.status}` : `${state === "failed" ? "fails" : "ends"} (${last.status})`;
}

/** The decisive exchanges of an operation: the request for it, and the last word about it. */
export function evidenceOfEnd({ answer, polls }: EndedOperation): readonly Answer[] {
  return [answer, ...polls.slice(-1)];
}

const STATES: readonly unknown[] = ["in progress", "succeeded", "failed"];

/** The check whose finding it is that polls tell no state that a platform can read. */
function unreadableIn({ state, polls }: EndedOperation): string | undefined {
  const last = polls.at(-1);
  if (last?.status !== 200 || state === "succeeded" || state === "gone") return undefined;
  const reported = bodyOf(last)["state"];
  if (STATES.includes(reported)) return undefined;
  return `${last.operation.replace("poll", "lastop")}-state-${reported === undefined ? "required" : "values"}`;
}

/**
 * The check whose finding it is that a poll, and not the state that it reports, ended a creation; such a poll says nothing about the operation.
 */
function refusedPollIn({ state, polls }: EndedOperation): string | undefined {
  const last = polls.at(-1);
  if (state !== "failed" || last === undefined || last.status < 400) return undefined;
  return `${last.operation.replace("poll", "lastop")}-${last.status === 410 ? "410-only-deleting" : "200"}`;
}

/** The check whose finding it is that every poll is answered 5xx: nobody can tell how the operation went. */
function unservedPollIn({ state, polls }: EndedOperation): string | undefined {
  const last = polls.at(-1);
  if (state !== "unreadable" || last === undefined || last.status < 500) return undefined;
  return `${last.operation.replace("poll", "lastop")}-available`;
}

/** The check whose finding it is that a poll is at fault, and not the operation that it asks about. */
const pollFaultIn = (ended: EndedOperation): string | undefined =>
  unreadableIn(ended) ?? refusedPollIn(ended) ?? unservedPollIn(ended);

/** It follows from an ordinary request of this kind that did not end well. */
export function obstacleIn(stage: Stage, ended: EndedOperation): Outcome {
  const judgedBy = pollFaultIn(ended) ?? JUDGED_BY[stage];
  return followsFrom(judgedBy, `an ordinary ${stage} ${describeEnd(ended)}`, ...evidenceOfEnd(ended));
}

/** Whether something that only the broker's owner knows may be missing; not if the broker does not serve the route. */
const mayBeRefused = (answer: Answer): boolean => isWanting(answer) || (answer.status < 500 && !isUnserved(answer));

/**
 * How the check of a stage judges an ordinary request that did not end well. A refusal may be due to something missing that only the broker's owner
 * knows, and no rule says when an operation ends: both are unknown. The rest is a failure.
 */
export function judgeBadEnd(stage: Stage, expected: string, ended: EndedOperation): Outcome {
  const evidence = evidenceOfEnd(ended);
  const seen = `the ${stage} ${describeEnd(ended)}`;
  const pollFault = pollFaultIn(ended);
  if (pollFault !== undefined) return followsFrom(pollFault, seen, ...evidence);
  const isMaking = stage === "provision" || stage === "bind";
  const isRefused = isMaking && ended.state === "refused" && mayBeRefused(ended.answer);
  return isRefused || ended.state === "timed-out"
    ? unknown(`an ordinary ${stage} ${describeEnd(ended)}`, ...evidence)
    : fail(expected, seen, ...evidence);
}

/**
 * The answer to the ordinary deletion, if it is refused with the status that the deletion of what never existed gets: nothing of the kind can be
 * deleted, whatever is wrong with the request.
 */
export function unservedDeletionIn(lifecycle: Lifecycle, kind: "unbind" | "deprovision"): Answer | undefined {
  const ended = lifecycle[kind];
  const control = lifecycle.controls[kind];
  if (ended?.state !== "refused") return undefined;
  return ended.answer.status === control?.status ? ended.answer : undefined;
}

/** The outcome for a deletion that is answered like every other one. */
export function followsFromUnserved(kind: "unbind" | "deprovision", answer: Answer, ordinary: Answer): Outcome {
  return followsFrom(JUDGED_BY[kind], `an ordinary ${kind} is answered ${ordinary.status} too`, ordinary, answer);
}

function bindObstacle({ offer, binds }: Lifecycle): Outcome | undefined {
  if (!isBindable(offer)) return notApplicable(`plan "${offer.plan.name}" is not bindable`);
  const failed = binds.find(({ state }) => state !== "succeeded");
  return failed === undefined ? undefined : obstacleIn("bind", failed);
}

/** Why a lifecycle did not complete a stage; undefined if it did. @throws NoAnswer if it broke off at a request that got none */
export function obstacleTo(lifecycle: Lifecycle, stage: Stage): Outcome | undefined {
  const { provision, unbind, deprovision, brokenOff } = lifecycle;
  if (provision.state !== "succeeded") return obstacleIn("provision", provision);
  const silent = (): Outcome => {
    if (brokenOff !== undefined) throw brokenOff;
    return unknown(`no ${stage} was tried`);
  };
  if (stage === "bind" || stage === "unbind") {
    const obstacle = bindObstacle(lifecycle);
    if (obstacle !== undefined) return obstacle;
    if (lifecycle.binds.length === 0) return silent();
  }
  const removal = { provision: undefined, bind: undefined, unbind, deprovision }[stage];
  if (stage !== "unbind" && stage !== "deprovision") return undefined;
  if (removal === undefined) return silent();
  return isRemoved(removal) ? undefined : obstacleIn(stage, removal);
}
