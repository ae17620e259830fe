import type { Answer } from "../../client/answer.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Offer } from "../../client/catalog.ts";
import { isSuccess } from "../../client/request.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, unknown } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { expectErrorOf422, expectStatus, seenOf } from "../judge.ts";
import { deletionOfDeleted, deletionOfUnknown, type ThingKind } from "../model/deletions.ts";
import { followsFromFact } from "../model/fact.ts";
import { fetchTellsTruth } from "../model/fetches.ts";
import { JUDGED_BY, obstacleTo } from "../model/stages.ts";
import { onUnlikeAsyncPlans, unlikePlans } from "../sequences/asynchronous-plans.ts";
import { flightOfEarlyUnbind, flightOfUnbind } from "../sequences/flights/bind.ts";
import { flightOfDeprovision } from "../sequences/flights/deprovision.ts";
import { evidenceOf, type Flight, judgeMeanwhile } from "../sequences/flights/flight.ts";
import { flightOfEarlyDeletion, flightOfProvision } from "../sequences/flights/provision.ts";
import { flightOfUpdate } from "../sequences/flights/update.ts";
import { lifecycleOf } from "../sequences/lifecycles.ts";
import type { Removal } from "../sequences/odd-removals.ts";
import { MAKES, onEachAsyncRemoval } from "./removal.ts";

/** Judges the answer to a deletion that is sent again while it is in progress. */
export async function resendRemoval(
  context: OsbContext,
  kind: Removal,
  judge: (answer: Answer, started: Answer) => Outcome,
): Promise<Outcome> {
  const judgeOne = async ({ shared }: OsbContext, offer: Offer): Promise<Outcome> => {
    const flight = await (kind === "unbind" ? flightOfUnbind : flightOfDeprovision)(shared, offer);
    return judgeMeanwhile(flight, "resent", (answer) => judge(answer, flight.started));
  };
  return onEachAsyncRemoval(context, kind, judgeOne, unlikePlans);
}

/** Judges a deletion that overtakes a creation, on each plan whose creation takes time. */
const onEachEarlyRemoval = (
  whole: OsbContext,
  kind: Removal,
  judge: (context: OsbContext, flight: Flight) => Promise<Outcome>,
): Promise<Outcome> =>
  onUnlikeAsyncPlans(whole, MAKES[kind], async (context, offer) => {
    const fly = kind === "unbind" ? flightOfEarlyUnbind : flightOfEarlyDeletion;
    return judge(context, await fly(context.shared, offer));
  });

/** The check whose finding is a 5xx to an early deletion: a broker that fails at whatever comes meanwhile has one fault. */
async function judgeOfEarly5xx(context: OsbContext, kind: Removal, { offer }: Flight): Promise<string> {
  if (kind === "unbind") return "unbind-busy-422";
  const { update, bind } = (await flightOfProvision(context.shared, offer)).meanwhile;
  const isBroken = [update, bind].some((answer) => answer !== undefined && answer.status >= 500);
  return isBroken ? "concurrency-422" : "deprovision-during-provision-halts";
}

/** An early deletion that was not accepted: a refusal is in order, a 5xx is wrong whatever is in progress. */
async function judgeUnaccepted(context: OsbContext, kind: Removal, flight: Flight): Promise<Outcome> {
  const judgedBy = await judgeOfEarly5xx(context, kind, flight);
  return judgeMeanwhile(flight, "deletion", (answer) => {
    const evidence = evidenceOf(flight);
    if (answer.status < 500) return notApplicable(`the deletion was refused: ${seenOf(answer)}`, ...evidence);
    return judgedBy === "deprovision-during-provision-halts"
      ? fail("a deletion during a provision to be accepted or refused", seenOf(answer), ...evidence)
      : followsFrom(judgedBy, `the deletion is answered ${seenOf(answer)}`, ...evidence);
  });
}

/** A deletion that overtakes the creation leaves nothing in the end. */
export const judgeHalted =
  (kind: Removal) =>
  (whole: OsbContext): Promise<Outcome> =>
    onEachEarlyRemoval(whole, kind, async (context, flight) => {
      const { deletion } = flight.meanwhile;
      if (deletion === undefined || !isSuccess(deletion)) return judgeUnaccepted(context, kind, flight);
      if (flight.ended.state !== "timed-out") return expectNothingLeft(context, kind, flight);
      const obstacle = obstacleTo(await lifecycleOf(context.shared, flight.offer), kind);
      if (obstacle !== undefined) return obstacle;
      const nothing = await deletionOfUnknown(context.shared, kind === "unbind" ? "binding" : "instance", flight.offer);
      return nothing.value === "accepted"
        ? followsFromFact(
            nothing,
            "a deletion of what is not there is accepted, so it need not end",
            ...evidenceOf(flight),
          )
        : fail("it to be gone in the end", "the operation does not end", ...evidenceOf(flight));
    });

/** By GET if it tells the truth, else by a second deletion if that tells deleted things from existing ones. */
async function expectNothingLeft(context: OsbContext, kind: Removal, flight: Flight): Promise<Outcome> {
  const { fetched, again } = flight.afterwards;
  const evidence = evidenceOf(flight);
  const thing: ThingKind = kind === "unbind" ? "binding" : "instance";
  if (fetched !== undefined && (await fetchTellsTruth(context.shared, thing, flight.offer)).value === true)
    return isSuccess(fetched) ? fail("it to be gone in the end", "GET still shows it", ...evidence) : pass(...evidence);
  if (again === undefined) return unknown("it was not looked for in the end", ...evidence);
  if (!isSuccess(again)) return pass(...evidence);
  const repeat = await deletionOfDeleted(context.shared, thing, flight.offer);
  if (repeat.value === "accepted")
    return followsFromFact(repeat, "a deletion of what was deleted looks like success, so it shows nothing", again);
  if (repeat.value === undefined) return followsFrom(JUDGED_BY[kind], `no ordinary ${kind} ended`, ...evidence);
  return fail("it to be gone in the end", `the next deletion answers ${seenOf(again)}`, ...evidence);
}

/** What polls say after a deletion overtook the creation. */
export function judgePolls(
  kind: Removal,
  status: 200 | 202,
  words: string,
  isRight: (poll: Answer, flight: Flight) => boolean,
) {
  return (whole: OsbContext): Promise<Outcome> =>
    onEachEarlyRemoval(whole, kind, async (context, flight) => {
      const { deletion: answer, polled: poll } = flight.meanwhile;
      if (answer !== undefined && answer.status >= 500) {
        const judgedBy = await judgeOfEarly5xx(context, kind, flight);
        return followsFrom(judgedBy, `the deletion meanwhile is answered ${seenOf(answer)}`, answer);
      }
      if (answer?.status !== status || poll === undefined) {
        return notApplicable(`the deletion meanwhile was answered ${answer?.status}`, ...evidenceOf(flight));
      }
      if (![200, 404, 410].includes(poll.status))
        return notApplicable(`the poll was answered ${poll.status}`, answer, poll);
      return isRight(poll, flight)
        ? pass(answer, poll)
        : fail(words, `${seenOf(poll)}, state ${JSON.stringify(bodyOf(poll)["state"])}`, answer, poll);
    });
}

/** A poll that does not report the halted creation as failed. */
export const isAboutDeletion = (poll: Answer): boolean => poll.status !== 200 || bodyOf(poll)["state"] !== "failed";

/** A poll that reports the halted creation as failed. */
export const isAboutFailure = (poll: Answer): boolean => poll.status !== 200 || bodyOf(poll)["state"] === "failed";

/** A deletion while another operation on the same thing is in progress. */
export function judgeBusyRemoval(kind: Removal, judge: (answer: Answer) => Outcome) {
  return (whole: OsbContext): Promise<Outcome> =>
    kind === "unbind"
      ? onEachEarlyRemoval(whole, kind, async (_, flight) => judgeMeanwhile(flight, "deletion", judge))
      : onUnlikeAsyncPlans(whole, "update", async ({ shared }, offer) =>
          judgeMeanwhile(await flightOfUpdate(shared, offer), "busyDeletion", judge),
        );
}

/** A deletion during another operation is accepted or answered 422. */
export const judgeBusyStatus = (answer: Answer): Outcome => expectStatus(answer, ["2xx", 422]);

/** If it is answered 422, the body carries ConcurrencyError. */
export const judgeBusyCode = (answer: Answer): Outcome => expectErrorOf422(answer, "ConcurrencyError");
