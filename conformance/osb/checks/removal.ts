import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted } from "../../runner/check.ts";
import type { LiveBinding, OsbContext } from "../context.ts";
import { expectErrorOf422, expectStatus, seenOf } from "../judge.ts";
import { ANY, BINDABLE } from "../plan-requirements.ts";
import { asyncBindOffer, asyncOffer, asyncUpdateOffer } from "../sequences/asynchronous-plans.ts";
import { flightOfEarlyUnbind, flightOfUnbind } from "../sequences/flights/bind.ts";
import { flightOfDeprovision } from "../sequences/flights/deprovision.ts";
import { evidenceOf, type Flight, judgeMeanwhile } from "../sequences/flights/flight.ts";
import { flightOfEarlyDeletion } from "../sequences/flights/provision.ts";
import { flightOfUpdate } from "../sequences/flights/update.ts";
import { allLifecycles, type Lifecycle } from "../sequences/lifecycles.ts";
import { planIds, isSuccess, deletionQuery } from "../../client/request.ts";

/** Unbinding and deprovisioning obey the same rules; `kind` says which is meant. */
type Removal = "unbind" | "deprovision";

/** Something to remove: a binding of its own on a shared instance, or an instance of its own. */
async function createRemovable(context: OsbContext, kind: Removal): Promise<LiveBinding> {
  if (kind === "unbind") return context.bound(await context.live(BINDABLE));
  const live = await context.fresh(ANY);
  return { live, id: "", bound: live.provisioned };
}

/** Removes a binding, or an instance where the removal is a deprovision. */
export function remove(
  context: OsbContext,
  kind: Removal,
  it: Pick<LiveBinding, "live" | "id">,
  query: Readonly<Record<string, string>>,
  intent: "plain" | "bad" = "bad",
): Promise<Answer> {
  const { platform } = context;
  const { offer, id: instanceId } = it.live;
  return kind === "unbind"
    ? platform.unbind(offer, instanceId, it.id, { query, intent })
    : platform.deprovision(offer, instanceId, { query, intent });
}

/** A deletion without a mandatory id is refused, and refused means that the thing is still there. */
export function removeWithout(kind: Removal, member: "service_id" | "plan_id") {
  return async (context: OsbContext): Promise<Outcome> => {
    const it = await createRemovable(context, kind);
    const { [member]: _, ...query } = deletionQuery(it.live.offer);
    const hasBegun = await context.watchOperations(it.live, it.id);
    const answer = await remove(context, kind, it, query);
    const outcome = expectStatus(answer, [400]);
    return outcome.verdict === "pass" ? expectStillThere(context, kind, it, answer, await hasBegun()) : outcome;
  };
}

async function expectStillThere(
  context: OsbContext,
  kind: Removal,
  it: LiveBinding,
  refusal: Answer,
  begun: Answer | undefined,
): Promise<Outcome> {
  if (begun !== undefined) return fail("a refused deletion to begin nothing", "something in progress", refusal, begun);
  const proper = await remove(context, kind, it, deletionQuery(it.live.offer), "plain");
  await context.platform.settle(it.live.offer, proper);
  if (isSuccess(proper)) return pass(refusal, proper);
  return fail(
    "a refused deletion to change nothing",
    `the next deletion is answered ${seenOf(proper)}`,
    refusal,
    proper,
  );
}

/** Removes something under ids that the catalog does not have: it is gone, or refused and still there. */
export function removeMismatched(kind: Removal) {
  return async (context: OsbContext): Promise<Outcome> => {
    const it = await createRemovable(context, kind);
    const { platform } = context;
    const query = { service_id: platform.newId(), plan_id: platform.newId(), accepts_incomplete: "true" };
    const hasBegun = await context.watchOperations(it.live, it.id);
    const answer = await remove(context, kind, it, query);
    await platform.settle(it.live.offer, answer);
    if (answer.status >= 400 && answer.status < 500)
      return expectStillThere(context, kind, it, answer, await hasBegun());
    return expectStatus(answer, [200, 202, "4xx"]);
  };
}

/** Whether this kind of deletion was answered 202 in some lifecycle; the plan of it. */
async function asyncRemovalOffer(context: OsbContext, kind: Removal): Promise<Offer> {
  const all = await allLifecycles(context.shared);
  const found = all.find((lifecycle) => lifecycle[kind]?.answer.status === 202);
  if (found !== undefined) return found.offer;
  throw new Verdicted(notApplicable(`no ${kind} was answered 202: it is synchronous`));
}

/**
 * A deletion without accepts_incomplete where the broker needs it.
 *
 * @throws Verdicted not applicable when the broker deletes synchronously
 */
export async function removeWithoutFlag(context: OsbContext, kind: Removal): Promise<Answer> {
  const offer = await asyncRemovalOffer(context, kind);
  const live = kind === "unbind" ? await context.liveOf(offer) : await context.freshOf(offer);
  const it = kind === "unbind" ? await context.bound(live) : { live, id: "" };
  return remove(context, kind, it, planIds(offer));
}

/** A deletion whose accepts_incomplete is neither true nor false. */
export function removeMalformed(kind: Removal) {
  return async (context: OsbContext): Promise<Outcome> => {
    const it = await createRemovable(context, kind);
    const answer = await remove(context, kind, it, { ...planIds(it.live.offer), accepts_incomplete: "maybe" });
    await context.platform.settle(it.live.offer, answer);
    return expectStatus(answer, [400, 422, 200, 202], ["4xx"]);
  };
}

/** A deletion that succeeded was answered 200, or 202 where the version knows it. */
export const judgeRemovalStatus =
  (kind: Removal, minor: number) =>
  (lifecycle: Lifecycle): Outcome | undefined => {
    const answer = lifecycle[kind]?.answer;
    return answer !== undefined && isSuccess(answer)
      ? expectStatus(answer, kind === "unbind" && minor < 14 ? [200] : [200, 202])
      : undefined;
  };

/** Judges the answer to a deletion that is sent again while it is in progress. */
export async function resendRemoval(
  context: OsbContext,
  kind: Removal,
  judge: (answer: Answer, started: Answer) => Outcome,
): Promise<Outcome> {
  const offer = await asyncRemovalOffer(context, kind);
  const flight = await (kind === "unbind" ? flightOfUnbind : flightOfDeprovision)(context.shared, offer);
  return judgeMeanwhile(flight, "resent", (answer) => judge(answer, flight.started));
}

async function removeEarly(context: OsbContext, kind: Removal): Promise<Flight> {
  return kind === "unbind"
    ? flightOfEarlyUnbind(context.shared, await asyncBindOffer(context))
    : flightOfEarlyDeletion(context.shared, await asyncOffer(context));
}

/** A deletion that overtakes the creation leaves nothing in the end. */
export function judgeHalted(kind: Removal) {
  return async (context: OsbContext): Promise<Outcome> => {
    const flight = await removeEarly(context, kind);
    return judgeMeanwhile(flight, "deletion", (answer) => {
      if (!isSuccess(answer))
        return notApplicable(`the deletion was refused: ${seenOf(answer)}`, ...evidenceOf(flight));
      const { again } = flight.afterwards;
      const isOver = flight.ended.state !== "timed-out" && again !== undefined && !isSuccess(again);
      return isOver
        ? pass(...evidenceOf(flight))
        : fail(
            "it to be gone in the end",
            again === undefined ? flight.ended.state : `the next deletion answers ${seenOf(again)}`,
            ...evidenceOf(flight),
          );
    });
  };
}

/** What polls say after a deletion overtook the creation. */
export function judgePolls(
  kind: Removal,
  status: 200 | 202,
  words: string,
  isRight: (poll: Answer, flight: Flight) => boolean,
) {
  return async (context: OsbContext): Promise<Outcome> => {
    const flight = await removeEarly(context, kind);
    const { deletion: answer, polled: poll } = flight.meanwhile;
    if (answer?.status !== status || poll === undefined) {
      return notApplicable(`the deletion meanwhile was answered ${answer?.status}`, ...evidenceOf(flight));
    }
    if (![200, 404, 410].includes(poll.status))
      return notApplicable(`the poll was answered ${poll.status}`, answer, poll);
    return isRight(poll, flight)
      ? pass(answer, poll)
      : fail(words, `${seenOf(poll)}, state ${JSON.stringify(bodyOf(poll)["state"])}`, answer, poll);
  };
}

/** A poll that does not report the halted creation as failed. */
export const isAboutDeletion = (poll: Answer): boolean => poll.status !== 200 || bodyOf(poll)["state"] !== "failed";

/** A poll that reports the halted creation as failed. */
export const isAboutFailure = (poll: Answer): boolean => poll.status !== 200 || bodyOf(poll)["state"] === "failed";

/** A deletion while something else is going on with the same thing. */
export function judgeBusyRemoval(kind: Removal, judge: (answer: Answer) => Outcome) {
  return async (context: OsbContext): Promise<Outcome> => {
    if (kind === "unbind") return judgeMeanwhile(await removeEarly(context, "unbind"), "deletion", judge);
    const flight = await flightOfUpdate(context.shared, await asyncUpdateOffer(context));
    return judgeMeanwhile(flight, "busyDeletion", judge);
  };
}

/** A deletion during another operation is accepted or answered 422. */
export const judgeBusyStatus = (answer: Answer): Outcome => expectStatus(answer, [200, 202, 422]);

/** Where it is answered 422, that carries ConcurrencyError. */
export const judgeBusyCode = (answer: Answer): Outcome => expectErrorOf422(answer, "ConcurrencyError");
