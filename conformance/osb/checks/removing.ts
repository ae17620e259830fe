import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { deletionQuery, planIds, isSuccess } from "../../client/request.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted, warn } from "../../runner/check.ts";
import { ANY, BINDABLE, type LiveBinding, type OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import {
  evidenceOf,
  type Flight,
  flightOfDeprovision,
  flightOfEarlyDeletion,
  flightOfEarlyUnbind,
  flightOfUnbind,
  flightOfUpdate,
  inFlight,
} from "../in-flight.ts";
import { expectError, expectStatus, seenOf } from "../judge.ts";
import { type Life, lives } from "../stories.ts";
import { asyncBindOffer } from "./binding.ts";
import { asyncOffer, eachLife, judgeSameOperation } from "./provisioning.ts";
import { asyncUpdateOffer } from "./updating.ts";

/** Unbinding and deprovisioning obey the same rules; `kind` says which is meant. */
type Kind = "unbind" | "deprovision";

const bad = { intent: "bad" } as const;
const none = { instances: 0 } as const;

/** Something to remove: a binding of its own on a lent instance, or an instance of its own. */
async function victim(context: OsbContext, kind: Kind): Promise<LiveBinding> {
  if (kind === "unbind") return context.bound(await context.live(BINDABLE));
  const live = await context.fresh(ANY);
  return { live, id: "", bound: live.provisioned };
}

function remove(
  context: OsbContext,
  kind: Kind,
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
function without(kind: Kind, member: "service_id" | "plan_id") {
  return async (context: OsbContext): Promise<Outcome> => {
    const it = await victim(context, kind);
    const { [member]: _, ...query } = deletionQuery(it.live.offer);
    const hasBegun = await context.watched(it.live, it.id);
    const answer = await remove(context, kind, it, query);
    const outcome = expectStatus(answer, [400]);
    return outcome.verdict === "pass" ? stillThere(context, kind, it, answer, await hasBegun()) : outcome;
  };
}

async function stillThere(
  context: OsbContext,
  kind: Kind,
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

function mismatched(kind: Kind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const it = await victim(context, kind);
    const { platform } = context;
    const query = { service_id: platform.newId(), plan_id: platform.newId(), accepts_incomplete: "true" };
    const hasBegun = await context.watched(it.live, it.id);
    const answer = await remove(context, kind, it, query);
    await platform.settle(it.live.offer, answer);
    if (answer.status >= 400 && answer.status < 500) return stillThere(context, kind, it, answer, await hasBegun());
    return expectStatus(answer, [200, 202, "4xx"]);
  };
}

/** Whether this kind of deletion was answered 202 in some life; the plan of it. */
async function asyncRemoval(context: OsbContext, kind: Kind): Promise<Offer> {
  const all = await lives(context.shared);
  const found = all.find((life) => life[kind]?.answer.status === 202);
  if (found !== undefined) return found.offer;
  throw new Verdicted(notApplicable(`no ${kind} was answered 202: it is synchronous`));
}

function withoutFlag(kind: Kind) {
  return async (context: OsbContext): Promise<Answer> => {
    const offer = await asyncRemoval(context, kind);
    const live = kind === "unbind" ? await context.liveOf(offer) : await context.freshOf(offer);
    const it = kind === "unbind" ? await context.bound(live) : { live, id: "" };
    return remove(context, kind, it, planIds(offer));
  };
}

function malformed(kind: Kind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const it = await victim(context, kind);
    const answer = await remove(context, kind, it, { ...planIds(it.live.offer), accepts_incomplete: "maybe" });
    await context.platform.settle(it.live.offer, answer);
    return expectStatus(answer, [400, 422, 200, 202], ["4xx"]);
  };
}

function unknownThing(kind: Kind) {
  return async (context: OsbContext): Promise<Outcome> => {
    if (kind === "unbind") {
      const live = await context.live(BINDABLE);
      return expectStatus(
        await remove(context, kind, { live, id: context.platform.newId() }, deletionQuery(live.offer)),
        [410],
      );
    }
    const offer = context.offer(ANY);
    const answer = await context.platform.deprovision(offer, context.platform.newId(), bad);
    return expectStatus(answer, [410]);
  };
}

async function unbindUnknownInstance(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(BINDABLE);
  const { platform } = context;
  return expectStatus(await platform.unbind(offer, platform.newId(), platform.newId(), bad), [410], [404]);
}

function removed({ deprovision, deprovisionAgain, fetchedGone }: Life): Outcome | undefined {
  if (deprovision === undefined) return undefined;
  if (deprovisionAgain === undefined) {
    return fail(
      "the instance to be deleted",
      `${seenOf(deprovision.answer)}, ${deprovision.state}`,
      deprovision.answer,
      ...deprovision.polls,
    );
  }
  if (fetchedGone?.status === 200)
    return fail("a deleted instance to be gone", "GET still shows it", deprovision.answer, fetchedGone);
  return isSuccess(deprovisionAgain)
    ? fail("nothing left to delete", seenOf(deprovisionAgain), deprovision.answer, deprovisionAgain)
    : pass(deprovision.answer, deprovisionAgain);
}

function unbound({ unbind, unbindAgain, fetchedUnbound }: Life): Outcome | undefined {
  if (unbind === undefined) return undefined;
  if (unbindAgain === undefined)
    return fail(
      "the binding to be removed",
      `${seenOf(unbind.answer)}, ${unbind.state}`,
      unbind.answer,
      ...unbind.polls,
    );
  if (fetchedUnbound?.status === 200)
    return fail("a removed binding to be gone", "GET still shows it", unbind.answer, fetchedUnbound);
  return isSuccess(unbindAgain)
    ? fail("nothing left to remove", seenOf(unbindAgain), unbind.answer, unbindAgain)
    : pass(unbind.answer, unbindAgain);
}

function othersStay({ unbind, fetchedSurvivor, unbindSurvivor }: Life): Outcome | undefined {
  if (unbind === undefined || unbindSurvivor === undefined) return undefined;
  if (fetchedSurvivor !== undefined && fetchedSurvivor.status !== 200) {
    return fail("the other binding to stay", seenOf(fetchedSurvivor), unbind.answer, fetchedSurvivor);
  }
  const { answer } = unbindSurvivor;
  return isSuccess(answer)
    ? pass(unbind.answer, answer)
    : fail("the other binding to be there to remove", seenOf(answer), unbind.answer, answer);
}

const statusOf =
  (kind: Kind, minor: number) =>
  (life: Life): Outcome | undefined => {
    const answer = life[kind]?.answer;
    return answer !== undefined && isSuccess(answer)
      ? expectStatus(answer, kind === "unbind" && minor < 14 ? [200] : [200, 202])
      : undefined;
  };

/** A deletion sent again before it has ended. */
const judgeResent = (answer: Answer): Outcome => {
  if (answer.status === 422 && bodyOf(answer)["error"] === "ConcurrencyError")
    return warn("202", seenOf(answer), answer);
  return expectStatus(answer, [202]);
};

async function resent(
  context: OsbContext,
  kind: Kind,
  judge: (answer: Answer, started: Answer) => Outcome,
): Promise<Outcome> {
  const offer = await asyncRemoval(context, kind);
  const flight = await (kind === "unbind" ? flightOfUnbind : flightOfDeprovision)(context.shared, offer);
  return inFlight(flight, "resent", (answer) => judge(answer, flight.started));
}

async function early(context: OsbContext, kind: Kind): Promise<Flight> {
  return kind === "unbind"
    ? flightOfEarlyUnbind(context.shared, await asyncBindOffer(context))
    : flightOfEarlyDeletion(context.shared, await asyncOffer(context));
}

function halts(kind: Kind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const flight = await early(context, kind);
    return inFlight(flight, "deletion", (answer) => {
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
function polled(kind: Kind, status: 200 | 202, words: string, isRight: (poll: Answer, flight: Flight) => boolean) {
  return async (context: OsbContext): Promise<Outcome> => {
    const flight = await early(context, kind);
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

const tellsDeletion = (poll: Answer): boolean => poll.status !== 200 || bodyOf(poll)["state"] !== "failed";
const tellsFailure = (poll: Answer): boolean => poll.status !== 200 || bodyOf(poll)["state"] === "failed";

/** A deletion while something else is going on with the same thing. */
function busy(kind: Kind, judge: (answer: Answer) => Outcome) {
  return async (context: OsbContext): Promise<Outcome> => {
    if (kind === "unbind") return inFlight(await early(context, "unbind"), "deletion", judge);
    const flight = await flightOfUpdate(context.shared, await asyncUpdateOffer(context));
    return inFlight(flight, "busyDeletion", judge);
  };
}

const busyStatus = (answer: Answer): Outcome => expectStatus(answer, [200, 202, 422]);
const busyCode = (answer: Answer): Outcome =>
  answer.status === 422 ? expectError(answer, "ConcurrencyError") : notApplicable(`answered ${seenOf(answer)}`, answer);

const held = { exclusive: true } as const;

function removalChecks(kind: Kind): OsbCheck[] {
  const during = kind === "unbind" ? "unbind-during-bind" : "deprovision-during-provision";
  const refuse = withoutFlag(kind);
  return [
    probe(`${kind}-deletes-resources`, (context) => eachLife(context, kind === "unbind" ? unbound : removed), none),
    probe(`${kind}-missing-service-id-400`, without(kind, "service_id")),
    probe(`${kind}-missing-plan-id-400`, without(kind, "plan_id")),
    probe(`${kind}-invalid-service-or-plan`, mismatched(kind)),
    probe(`${kind}-accepts-incomplete-422`, async (context) => expectStatus(await refuse(context), [200, 422])),
    probe(`${kind}-422-async-error-code`, async (context) => {
      const answer = await refuse(context);
      return answer.status === 422
        ? expectError(answer, "AsyncRequired")
        : notApplicable(`answered ${answer.status}`, answer);
    }),
    probe([`${kind}-200`, `${kind}-202`], (context) => eachLife(context, statusOf(kind, context.minor)), none),
    probe(`${kind}-resent-while-in-progress-202`, (context) => resent(context, kind, judgeResent), held),
    probe(
      `${kind}-resent-same-operation`,
      (context) => resent(context, kind, (answer, started) => judgeSameOperation(started, answer)),
      held,
    ),
    probe(`${kind}-410-unknown`, unknownThing(kind), kind === "unbind" ? {} : none),
    probe(
      `${kind}-410-after-delete`,
      (context) =>
        eachLife(context, (life) => {
          const again = kind === "unbind" ? life.unbindAgain : life.deprovisionAgain;
          return again === undefined ? undefined : expectStatus(again, [410]);
        }),
      none,
    ),
    probe(`${kind}-malformed-400`, malformed(kind)),
    probe(`${during}-halts`, halts(kind), held),
    probe(`${during}-lastop-async`, polled(kind, 202, "polls to tell about the deletion", tellsDeletion), held),
    probe(`${during}-lastop-sync`, polled(kind, 200, "polls to tell that the creation failed", tellsFailure), held),
    probe(`${kind}-busy-422`, busy(kind, busyStatus), held),
    probe(`${kind}-busy-error-code`, busy(kind, busyCode), held),
  ];
}

export const removingChecks: readonly OsbCheck[] = [
  ...removalChecks("unbind"),
  probe("unbind-410-unknown-instance", unbindUnknownInstance, none),
  probe("unbind-leaves-other-bindings", (context) => eachLife(context, othersStay), none),
  ...removalChecks("deprovision"),
];
