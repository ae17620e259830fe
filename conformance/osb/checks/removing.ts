import { bodyOf } from "../../http/observation.ts";
import type { Answer } from "../../platform/answer.ts";
import type { Offer } from "../../platform/catalog.ts";
import { deletion, idsOf, isSuccess } from "../../platform/platform.ts";
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
  judgeMeanwhile,
} from "../in-flight.ts";
import { expectError, expectStatus, seenOf } from "../judge.ts";
import { type Lifecycle, allLifecycles } from "../lifecycles.ts";
import { asyncBindOffer } from "./binding.ts";
import { asyncOffer, judgeLifecycles, judgeSameOperation } from "./provisioning.ts";
import { asyncUpdateOffer } from "./updating.ts";

/** Unbinding and deprovisioning obey the same rules; `kind` says which is meant. */
type Removal = "unbind" | "deprovision";

const bad = { intent: "bad" } as const;
const none = { instances: 0 } as const;

/** Something to remove: a binding of its own on a lent instance, or an instance of its own. */
async function createRemovable(context: OsbContext, kind: Removal): Promise<LiveBinding> {
  if (kind === "unbind") return context.bound(await context.live(BINDABLE));
  const live = await context.fresh(ANY);
  return { live, id: "", bound: live.provisioned };
}

function remove(
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
function removeWithout(kind: Removal, member: "service_id" | "plan_id") {
  return async (context: OsbContext): Promise<Outcome> => {
    const it = await createRemovable(context, kind);
    const { [member]: _, ...query } = deletion(it.live.offer);
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
  const proper = await remove(context, kind, it, deletion(it.live.offer), "plain");
  await context.platform.settle(it.live.offer, proper);
  if (isSuccess(proper)) return pass(refusal, proper);
  return fail(
    "a refused deletion to change nothing",
    `the next deletion is answered ${seenOf(proper)}`,
    refusal,
    proper,
  );
}

function removeMismatched(kind: Removal) {
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

function removeWithoutFlag(kind: Removal) {
  return async (context: OsbContext): Promise<Answer> => {
    const offer = await asyncRemovalOffer(context, kind);
    const live = kind === "unbind" ? await context.liveOf(offer) : await context.freshOf(offer);
    const it = kind === "unbind" ? await context.bound(live) : { live, id: "" };
    return remove(context, kind, it, idsOf(offer));
  };
}

function removeMalformed(kind: Removal) {
  return async (context: OsbContext): Promise<Outcome> => {
    const it = await createRemovable(context, kind);
    const answer = await remove(context, kind, it, { ...idsOf(it.live.offer), accepts_incomplete: "maybe" });
    await context.platform.settle(it.live.offer, answer);
    return expectStatus(answer, [400, 422, 200, 202], ["4xx"]);
  };
}

function removeUnknown(kind: Removal) {
  return async (context: OsbContext): Promise<Outcome> => {
    if (kind === "unbind") {
      const live = await context.live(BINDABLE);
      return expectStatus(
        await remove(context, kind, { live, id: context.platform.newId() }, deletion(live.offer)),
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

function judgeDeprovisioned({ deprovision, deprovisionAgain, fetchedGone }: Lifecycle): Outcome | undefined {
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

function judgeUnbound({ unbind, unbindAgain, fetchedUnbound }: Lifecycle): Outcome | undefined {
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

function judgeOtherBindings({ unbind, fetchedSurvivor, unbindSurvivor }: Lifecycle): Outcome | undefined {
  if (unbind === undefined || unbindSurvivor === undefined) return undefined;
  if (fetchedSurvivor !== undefined && fetchedSurvivor.status !== 200) {
    return fail("the other binding to stay", seenOf(fetchedSurvivor), unbind.answer, fetchedSurvivor);
  }
  const { answer } = unbindSurvivor;
  return isSuccess(answer)
    ? pass(unbind.answer, answer)
    : fail("the other binding to be there to remove", seenOf(answer), unbind.answer, answer);
}

const judgeRemovalStatus =
  (kind: Removal, minor: number) =>
  (lifecycle: Lifecycle): Outcome | undefined => {
    const answer = lifecycle[kind]?.answer;
    return answer !== undefined && isSuccess(answer)
      ? expectStatus(answer, kind === "unbind" && minor < 14 ? [200] : [200, 202])
      : undefined;
  };

/** A deletion sent again before it has ended. */
const judgeResentRemoval = (answer: Answer): Outcome => {
  if (answer.status === 422 && bodyOf(answer)["error"] === "ConcurrencyError")
    return warn("202", seenOf(answer), answer);
  return expectStatus(answer, [202]);
};

async function resendRemoval(
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

function judgeHalted(kind: Removal) {
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
function judgePolls(
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

const isAboutDeletion = (poll: Answer): boolean => poll.status !== 200 || bodyOf(poll)["state"] !== "failed";
const isAboutFailure = (poll: Answer): boolean => poll.status !== 200 || bodyOf(poll)["state"] === "failed";

/** A deletion while something else is going on with the same thing. */
function judgeBusyRemoval(kind: Removal, judge: (answer: Answer) => Outcome) {
  return async (context: OsbContext): Promise<Outcome> => {
    if (kind === "unbind") return judgeMeanwhile(await removeEarly(context, "unbind"), "deletion", judge);
    const flight = await flightOfUpdate(context.shared, await asyncUpdateOffer(context));
    return judgeMeanwhile(flight, "busyDeletion", judge);
  };
}

const judgeBusyStatus = (answer: Answer): Outcome => expectStatus(answer, [200, 202, 422]);
const judgeBusyCode = (answer: Answer): Outcome =>
  answer.status === 422 ? expectError(answer, "ConcurrencyError") : notApplicable(`answered ${seenOf(answer)}`, answer);

const held = { exclusive: true } as const;

function removalChecks(kind: Removal): OsbCheck[] {
  const during = kind === "unbind" ? "unbind-during-bind" : "deprovision-during-provision";
  const refuse = removeWithoutFlag(kind);
  return [
    probe(
      `${kind}-deletes-resources`,
      (context) => judgeLifecycles(context, kind === "unbind" ? judgeUnbound : judgeDeprovisioned),
      none,
    ),
    probe(`${kind}-missing-service-id-400`, removeWithout(kind, "service_id")),
    probe(`${kind}-missing-plan-id-400`, removeWithout(kind, "plan_id")),
    probe(`${kind}-invalid-service-or-plan`, removeMismatched(kind)),
    probe(`${kind}-accepts-incomplete-422`, async (context) => expectStatus(await refuse(context), [200, 422])),
    probe(`${kind}-422-async-error-code`, async (context) => {
      const answer = await refuse(context);
      return answer.status === 422
        ? expectError(answer, "AsyncRequired")
        : notApplicable(`answered ${answer.status}`, answer);
    }),
    probe(
      [`${kind}-200`, `${kind}-202`],
      (context) => judgeLifecycles(context, judgeRemovalStatus(kind, context.minor)),
      none,
    ),
    probe(`${kind}-resent-while-in-progress-202`, (context) => resendRemoval(context, kind, judgeResentRemoval), held),
    probe(
      `${kind}-resent-same-operation`,
      (context) => resendRemoval(context, kind, (answer, started) => judgeSameOperation(started, answer)),
      held,
    ),
    probe(`${kind}-410-unknown`, removeUnknown(kind), kind === "unbind" ? {} : none),
    probe(
      `${kind}-410-after-delete`,
      (context) =>
        judgeLifecycles(context, (lifecycle) => {
          const again = kind === "unbind" ? lifecycle.unbindAgain : lifecycle.deprovisionAgain;
          return again === undefined ? undefined : expectStatus(again, [410]);
        }),
      none,
    ),
    probe(`${kind}-malformed-400`, removeMalformed(kind)),
    probe(`${during}-halts`, judgeHalted(kind), held),
    probe(`${during}-lastop-async`, judgePolls(kind, 202, "polls to tell about the deletion", isAboutDeletion), held),
    probe(
      `${during}-lastop-sync`,
      judgePolls(kind, 200, "polls to tell that the creation failed", isAboutFailure),
      held,
    ),
    probe(`${kind}-busy-422`, judgeBusyRemoval(kind, judgeBusyStatus), held),
    probe(`${kind}-busy-error-code`, judgeBusyRemoval(kind, judgeBusyCode), held),
  ];
}

export const removingChecks: readonly OsbCheck[] = [
  ...removalChecks("unbind"),
  probe("unbind-410-unknown-instance", unbindUnknownInstance, none),
  probe("unbind-leaves-other-bindings", (context) => judgeLifecycles(context, judgeOtherBindings), none),
  ...removalChecks("deprovision"),
];
