import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, Verdicted } from "../../runner/check.ts";
import { changesOf } from "../changes.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { seenOf } from "../judge.ts";
import { isAny, judgeEvery } from "../judging/every-answer.ts";
import { isDone } from "../judging/binding-answers.ts";
import { isFetchOffered } from "../model/fetches.ts";
import { obstacleIn, obstacleTo } from "../model/stages.ts";
import { ANY, BINDABLE } from "../plan-requirements.ts";
import { allLifecycles, type Lifecycle, lifecycleOf, silenceAt } from "../sequences/lifecycles.ts";
import type { LiveInstance } from "../shared-instances.ts";
import type { EndedOperation } from "../../client/polling.ts";
import { isSuccess, planIds } from "../../client/request.ts";

/**
 * Only a client that said it can wait is answered 202. Each kind of operation is requested without the flag, a provision first because it needs
 * nothing. What the others need is created in the ordinary way, and the update comes late, because everything after it would have to name the plan
 * that it changed to. If nothing can be created, only the provision is judged.
 */
async function omitAcceptsIncomplete(context: OsbContext): Promise<Outcome> {
  const { platform, run } = context;
  const answers: Answer[] = [];
  const take = async (offer: Offer, asked: Promise<Answer>) => {
    const answer = await asked;
    answers.push(answer);
    return platform.settle(offer, answer);
  };
  const offer = await offerToTry(context);
  await take(offer, context.provisionNew(offer, { query: {} }));
  const live = await instanceToTry(context, offer, answers);
  if (live === undefined) return judgeUnasked(answers);
  const { id: instanceId } = live;
  if (BINDABLE.fits(offer)) await omitFromBindings(context, live, take);
  const change = changesOf(run, offer)[0];
  if (change !== undefined) await take(offer, context.update(live, change.body, { query: {} }));
  await take(
    offer,
    platform.deprovision(offer, instanceId, { query: omitFlag(platform.deletionOf(offer, instanceId)) }),
  );
  return judgeUnasked(answers);
}

function judgeUnasked(answers: readonly Answer[]): Outcome {
  const wrong = answers.filter(({ status }) => status === 202);
  if (wrong.length === 0) return pass(...answers);
  const operations = [...new Set(wrong.map(({ operation }) => operation))].join(", ");
  return fail("no 202 without accepts_incomplete=true", `202 for ${operations}`, ...wrong);
}

/** Undefined if none can be created and the answers so far show the fault. @throws Verdicted if they do not */
async function instanceToTry(
  context: OsbContext,
  offer: Offer,
  answers: readonly Answer[],
): Promise<LiveInstance | undefined> {
  try {
    return await context.freshOf(offer);
  } catch (error) {
    if (error instanceof Verdicted && answers.some(({ status }) => status === 202)) return undefined;
    throw error;
  }
}

async function omitFromBindings(
  context: OsbContext,
  live: LiveInstance,
  take: (offer: Offer, asked: Promise<Answer>) => Promise<EndedOperation>,
): Promise<void> {
  const { platform } = context;
  const { offer, id: instanceId } = live;
  const bindingId = platform.newId();
  const bound = await take(offer, context.bind(live, bindingId, { query: {} }));
  const id = bound.state === "succeeded" ? bindingId : await bindOrdinarily(context, live);
  if (id === undefined) return;
  const unbound = await take(offer, platform.unbind(offer, instanceId, id, { query: planIds(offer) }));
  if (unbound.state === "refused") await platform.settle(offer, await platform.unbind(offer, instanceId, id));
}

/** The id of a binding; undefined if the broker refuses an ordinary one. */
async function bindOrdinarily(context: OsbContext, live: LiveInstance): Promise<string | undefined> {
  const id = context.platform.newId();
  const { state } = await context.platform.settle(live.offer, await context.bind(live, id));
  return state === "succeeded" ? id : undefined;
}

/** The plan with which most operations were seen to take a while, else one on which every kind can be tried. */
async function offerToTry(context: OsbContext): Promise<Offer> {
  const lasting = (lifecycle: Lifecycle) => lifecycle.answers.filter(({ status }) => status === 202).length;
  const all = await allLifecycles(context.shared);
  const [most] = all.toSorted((a, b) => lasting(b) - lasting(a));
  if (most !== undefined && lasting(most) > 0) return most.offer;
  return context.run.offers.find(isChangeable(context)) ?? context.offer(ANY);
}

/** A plan on which every kind of operation can be tried. */
const isChangeable =
  ({ run }: OsbContext) =>
  (offer: Offer): boolean =>
    BINDABLE.fits(offer) && changesOf(run, offer).length > 0;

const omitFlag = (deletion: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(deletion).filter(([name]) => name !== "accepts_incomplete"));

/** A 5xx counts only if it comes again with another instance: the broker may fail now and then. */
async function useAtOnce(context: OsbContext): Promise<Outcome> {
  const outcome = await useOneAtOnce(context);
  const isBroken = outcome.evidence?.some((each) => "status" in each && each.status >= 500) === true;
  if (!isBroken) return outcome;
  await context.platform.ledger.clean();
  return useOneAtOnce(context);
}

/**
 * A claim to be finished is tested at once: by a bind, else by a fetch. If an ordinary bind or fetch does not work either, that is another finding.
 */
async function useOneAtOnce(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY);
  const id = context.platform.newId();
  const answer = await context.provision(offer, id);
  if (!isDone(answer)) {
    const ended = await context.platform.settle(offer, answer);
    return answer.status === 202
      ? notApplicable("provisioning was answered 202, which claims nothing", answer)
      : obstacleIn("provision", ended);
  }
  if (!BINDABLE.fits(offer)) return fetchAtOnce(context, offer, answer);
  const bound = await context.bind({ offer, id }, context.platform.newId(), { isOnce: true });
  await context.platform.settle(offer, bound);
  if (isSuccess(bound)) return pass(answer, bound);
  const lifecycle = await lifecycleOf(context.shared, offer);
  if (isDone(lifecycle.provision.answer) && lifecycle.provision.polls.length > 0)
    return followsFrom("provision-201", `a provision in progress is answered ${answer.status}`, answer, bound);
  return (
    obstacleTo(lifecycle, "bind") ?? fail("a usable instance after the provision is done", seenOf(bound), answer, bound)
  );
}

async function fetchAtOnce(context: OsbContext, offer: Offer, answer: Answer): Promise<Outcome> {
  const { platform, minor } = context;
  if (!isFetchOffered(minor, "instance", offer)) return notApplicable("it can neither be fetched nor bound", answer);
  const fetched = await platform.send("fetch-instance", { instanceId: answer.instanceId, isOnce: true });
  if (fetched.status === 200) return pass(answer, fetched);
  return followsFrom(
    "fetch-instance-supported",
    `right afterwards it is fetched with ${seenOf(fetched)}`,
    answer,
    fetched,
  );
}

/** Answers slower than this are worth a warning, in milliseconds. */
const PROMPT_MS = 30_000;

const judgeTimes = judgeEvery(
  `an answer within ${PROMPT_MS} ms`,
  isAny,
  ({ elapsedMs }) => (elapsedMs <= PROMPT_MS ? undefined : `${Math.round(elapsedMs)} ms`),
  "no answers",
);

/** What takes longer than any platform waits is not prompt either. */
async function judgePromptness(context: OsbContext): Promise<Outcome> {
  const silence = await silenceAt(context.shared, ["provision", "update", "bind", "unbind", "deprovision"]);
  return silence?.fault === "timeout"
    ? fail(`an answer within ${PROMPT_MS} ms`, `none (${silence.message})`, silence.exchange)
    : judgeTimes(context);
}

/** With both modes in one broker, the answers of one kind of request can be compared. */
async function compareAcceptedBodies({ shared }: OsbContext): Promise<Outcome> {
  const provisions = (await allLifecycles(shared)).map(({ provision }) => provision.answer);
  const done = provisions.find(isDone);
  const begun = provisions.find(({ status }) => status === 202);
  if (done === undefined || begun === undefined)
    return notApplicable(
      "it compares a 201 with a 202 to the same kind of request, and the broker answers one of them only",
    );
  const missing = Object.keys(bodyOf(done)).find((name) => !(name in bodyOf(begun)));
  return missing === undefined
    ? pass(done, begun)
    : fail("the members of a 201 in the 202", `no ${missing}`, done, begun);
}

/** Checks of spec.md, "Synchronous and Asynchronous Operations". */
export const synchronousAndAsynchronousOperationsChecks: readonly OsbCheck[] = [
  probe({
    id: "async-needs-accepts-incomplete",
    title: "202 answers only requests with accepts_incomplete=true",
    requirement: "A broker answers 202 only when the request said that the platform can wait: accepts_incomplete=true.",
    needs: { instances: 3 },
    run: omitAcceptsIncomplete,
  }),
  probe({
    id: "async-when-not-guaranteed",
    title: "An instance whose provision is answered 201 is usable at once",
    requirement:
      "A broker that cannot finish within the request should answer 202: after 201 the instance can be fetched and bound.",
    run: useAtOnce,
  }),
  review({
    id: "respond-promptly",
    title: "Every answer comes promptly",
    requirement: "A broker should answer every request quickly; slower than half a minute is a warning.",
    run: judgePromptness,
  }),
  review({
    id: "async-legacy-202-body-like-sync",
    title: "A 202 to a provision has the members of a 201 (2.12 and 2.13)",
    requirement: "In versions 2.12 and 2.13 the body of a 202 should equal what a synchronous answer would have held.",
    run: compareAcceptedBodies,
  }),
];
