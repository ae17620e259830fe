import type { Answer, Operation } from "../../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { expectStatus, seenOf } from "../../judge.ts";
import { asyncBindOffer, asyncOffer } from "../../sequences/asynchronous-plans.ts";
import { operationOf } from "../../sequences/flights/flight.ts";
import type { Lifecycle } from "../../sequences/lifecycles.ts";
import { planIds, type RequestOptions } from "../../../client/request.ts";
import { stateOf } from "../../../client/polling.ts";

/** The polls of instances and of bindings obey the same rules. */
type Polled = "instance" | "binding";

const bad = { intent: "bad" } as const;

const MAKING: readonly (Operation | undefined)[] = ["provision", "update", "bind"];

function plainPolls(context: OsbContext, kind: Polled): Answer[] {
  const all = context.run.answers.filter(
    ({ operation, intent, polled }) => operation === `poll-${kind}` && intent === "plain" && polled !== undefined,
  );
  return all.filter((poll, at) => !isPollOfNothing(poll, all.slice(0, at)));
}

/** A refused poll about something whose deletion was reported to have ended: no platform asks, and no status is prescribed. */
function isPollOfNothing(poll: Answer, earlier: readonly Answer[]): boolean {
  const isRefused = poll.status >= 400 && poll.status < 500;
  return isDeleting(poll) && isRefused && earlier.some((other) => isSameDeletion(other, poll) && isOver(other));
}

const isSameDeletion = (a: Answer, b: Answer): boolean =>
  a.polled === b.polled && a.instanceId === b.instanceId && a.bindingId === b.bindingId;

const isOver = (poll: Answer): boolean => ["succeeded", "gone"].includes(stateOf(poll) ?? "");

function nothingPolled(kind: Polled): Outcome {
  return notApplicable(
    `no ${kind === "instance" ? "provision, update or deprovision" : "bind or unbind"} was answered 202`,
  );
}

/** Judges every plain poll of the run. */
export function judgeEveryPoll(kind: Polled, judge: (poll: Answer) => Outcome | undefined) {
  return (context: OsbContext): Outcome => {
    const outcomes = plainPolls(context, kind)
      .map(judge)
      .filter((outcome) => outcome !== undefined);
    return outcomes.length > 0 ? worstOf(outcomes) : nothingPolled(kind);
  };
}

const isDeleting = ({ polled }: Answer): boolean => polled === "deprovision" || polled === "unbind";

/** The endpoint answers; a deletion may be answered 404 or 410. */
export function judgeServed(poll: Answer): Outcome {
  const isGone = isDeleting(poll) && [404, 410].includes(poll.status);
  return poll.status < 400 || isGone ? pass(poll) : fail("the endpoint to answer", seenOf(poll), poll);
}

/** A poll that is not about something gone is answered 200. */
export function judgeProcessed(poll: Answer): Outcome | undefined {
  if (isDeleting(poll) && [404, 410].includes(poll.status)) return undefined;
  return expectStatus(poll, [200]);
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

/** The operations of a lifecycle that were polled, of one kind. */
function polledEndings(lifecycle: Lifecycle, kind: Polled) {
  const isOfKind = (answer: Answer) => answer.operation === `poll-${kind}`;
  return lifecycle.after.filter(({ final }) => isOfKind(final));
}

/** Polls after the final one report the same state. */
export function judgeKeptState(kind: Polled) {
  return (lifecycle: Lifecycle): Outcome | undefined => {
    const outcomes = polledEndings(lifecycle, kind).map(({ final, again }) => {
      const isKept = again.every((poll) => stateOf(poll) === stateOf(final) || isPollOfNothing(poll, [final]));
      return isKept
        ? pass(final, ...again)
        : fail(`"${stateOf(final)}" again`, again.map(seenOf).join(", "), final, ...again);
    });
    return outcomes.length > 0 ? worstOf(outcomes) : undefined;
  };
}

/** An operation in its own resource that has just ended: something to poll about in unusual ways. */
async function endedOperation(context: OsbContext, kind: Polled): Promise<Answer> {
  if (kind === "instance") {
    const live = await context.liveOf(await asyncOffer(context));
    return live.provisioned.answer;
  }
  const live = await context.liveOf(await asyncBindOffer(context));
  return (await context.bound(live)).bound.answer;
}

/** A poll in a form of its own; `polled` makes it count as one that any platform sends. */
async function pollWith(
  context: OsbContext,
  kind: Polled,
  { instanceId, bindingId }: Answer,
  query: Readonly<Record<string, string>>,
  how: Pick<RequestOptions, "intent" | "polled"> = {},
): Promise<Answer> {
  return context.platform.send(`poll-${kind}`, { instanceId, bindingId, query, ...how });
}

function operationQuery(of: Answer): Record<string, string> {
  const operation = operationOf(of);
  return operation === undefined ? {} : { operation };
}

/** Polls with each parameter empty. */
export function pollMalformed(kind: Polled) {
  return async (context: OsbContext): Promise<Outcome> => {
    const of = await endedOperation(context, kind);
    const outcomes: Outcome[] = [];
    for (const member of ["service_id", "plan_id", "operation"]) {
      const answer = await pollWith(context, kind, of, { ...operationQuery(of), [member]: "" }, bad);
      outcomes.push(expectStatus(answer, [200, 400], ["4xx"]));
    }
    return worstOf(outcomes);
  };
}

/** Polls with an operation that the broker never returned. */
export function pollInvalid(kind: Polled) {
  return async (context: OsbContext): Promise<Outcome> => {
    const of = await endedOperation(context, kind);
    const answer = await pollWith(context, kind, of, { operation: "drydock-no-such-operation" }, bad);
    return expectStatus(answer, [200, 400, 404], ["4xx"]);
  };
}

/** Compares polls with and without service_id and plan_id. */
export function pollWithoutHints(kind: Polled) {
  return async (context: OsbContext): Promise<Outcome> => {
    const of = await endedOperation(context, kind);
    const bare = await pollWith(context, kind, of, operationQuery(of));
    const full = await context.platform.poll(await asyncOfferOf(context, kind), of);
    if (bare.status === full.status) return pass(bare, full);
    return fail(`the answer with the hints (${full.status})`, seenOf(bare), bare, full);
  };
}

const asyncOfferOf = (context: OsbContext, kind: Polled) =>
  kind === "instance" ? asyncOffer(context) : asyncBindOffer(context);

/** Polls with the operation that the broker returned. */
export function pollRoundTrip(kind: Polled) {
  return async (context: OsbContext): Promise<Outcome> => {
    const offer = await asyncOfferOf(context, kind);
    const of = await endedOperation(context, kind);
    if (operationOf(of) === undefined) return notApplicable("no operation was returned", of);
    return expectStatus(
      await pollWith(context, kind, of, { ...planIds(offer), ...operationQuery(of) }, { polled: of.operation }),
      [200],
    );
  };
}
