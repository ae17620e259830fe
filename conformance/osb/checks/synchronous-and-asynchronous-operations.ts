import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import { changesOf } from "../changes.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { ordinaryRefusal, seenOf } from "../judge.ts";
import { isAny, judgeEvery } from "../judging/every-answer.ts";
import { ANY, BINDABLE, RETRIEVABLE } from "../plan-requirements.ts";
import { allLifecycles } from "../sequences/lifecycles.ts";
import { isSuccess } from "../../client/request.ts";

/** 202 only for those who said that they can wait. */
async function omitAcceptsIncomplete(context: OsbContext): Promise<Outcome> {
  const { platform, run } = context;
  const answers: Answer[] = [];
  const take = async (offer: Offer, asked: Promise<Answer>) => {
    answers.push(await asked);
    await platform.settle(offer, await asked);
  };
  for (const query of [{}, { accepts_incomplete: "false" }]) {
    const offer = context.offer(ANY);
    await take(offer, context.provision(offer, platform.newId(), { query }));
  }
  const live = await context.freshOf(run.offers.find(isChangeable(context)) ?? context.offer(ANY));
  const { offer, id: instanceId } = live;
  const idsOnly = () => omitFlag(platform.deletionOf(offer, instanceId));
  const change = changesOf(run, offer)[0];
  if (change !== undefined) await take(offer, context.update(live, change.body, { query: {} }));
  if (BINDABLE.fits(offer)) {
    await take(offer, context.bind(live, platform.newId(), { query: {} }));
    const { id } = await context.bound(live);
    await take(offer, platform.unbind(offer, instanceId, id, { query: idsOnly() }));
  }
  await take(offer, platform.deprovision(offer, instanceId, { query: idsOnly() }));
  const wrong = answers.find(({ status }) => status === 202);
  if (wrong === undefined) return pass(...answers);
  return fail("no 202 without accepts_incomplete=true", `202 for ${wrong.operation}`, wrong);
}

/** A plan on which every kind of operation can be tried. */
const isChangeable =
  ({ run }: OsbContext) =>
  (offer: Offer): boolean =>
    BINDABLE.fits(offer) && changesOf(run, offer).length > 0;

const omitFlag = (deletion: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(deletion).filter(([name]) => name !== "accepts_incomplete"));

/** A claim to be finished is put to the test at once. */
async function useAtOnce(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY);
  const id = context.platform.newId();
  const answer = await context.provision(offer, id);
  if (answer.status !== 201) {
    await context.platform.settle(offer, answer);
    return notApplicable(`provisioning was answered ${answer.status}, which claims nothing`, answer);
  }
  const fetched =
    RETRIEVABLE.fits(offer) && context.minor >= 14
      ? await context.platform.send("fetch-instance", { instanceId: id })
      : undefined;
  if (fetched !== undefined && fetched.status !== 200)
    return fail("a usable instance after 201", seenOf(fetched), answer, fetched);
  if (!BINDABLE.fits(offer))
    return fetched ? pass(answer, fetched) : notApplicable("it can neither be fetched nor bound", answer);
  const bound = await context.bind({ offer, id }, context.platform.newId());
  await context.platform.settle(offer, bound);
  if (isSuccess(bound)) return pass(answer, bound);
  const lifecycle = (await allLifecycles(context.shared)).find((each) => each.offer.plan.id === offer.plan.id);
  const usual = lifecycle?.binds[0];
  if (usual?.state === "refused") return ordinaryRefusal(usual.answer);
  return fail("a usable instance after 201", seenOf(bound), answer, bound);
}

/** Answers slower than this are worth a warning, in milliseconds. */
const PROMPT_MS = 30_000;

/** With both modes in one broker, the answers of one kind of request can be compared. */
function compareAcceptedBodies({ run }: OsbContext): Outcome {
  const provisions = run.answers.filter(({ operation, intent }) => operation === "provision" && intent === "plain");
  const done = provisions.find(({ status }) => status === 201);
  const begun = provisions.find(({ status }) => status === 202);
  if (done === undefined || begun === undefined) return notApplicable("the broker does not answer both 201 and 202");
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
    run: judgeEvery(
      `an answer within ${PROMPT_MS} ms`,
      isAny,
      ({ elapsedMs }) => (elapsedMs <= PROMPT_MS ? undefined : `${Math.round(elapsedMs)} ms`),
      "no answers",
    ),
  }),
  review({
    id: "async-legacy-202-body-like-sync",
    title: "A 202 to a provision has the members of a 201 (2.12 and 2.13)",
    requirement: "In versions 2.12 and 2.13 the body of a 202 should equal what a synchronous answer would have held.",
    run: compareAcceptedBodies,
  }),
];
