import { isObject, sameJson, type JsonObject } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { allowsContextUpdates, isPlanUpdateable, maintenanceVersion, type Offer, schemaOf } from "../../client/catalog.ts";
import { isSuccess } from "../../client/request.ts";
import { type EndedOperation } from "../../client/polling.ts";
import { differentFrom } from "../../client/schema.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted, warn, worstOf } from "../../runner/check.ts";
import { ANY, areUpdatesOffered, type Change, changesOf, contextOf, isUpdatable, type Live, MAINTAINED, type OsbContext, parametersOf, RETRIEVABLE, updatable, type Want } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { flightOfUpdate, inFlight } from "../in-flight.ts";
import { expectError, expectStatus, needsMore, seenOf, unlessRefusedAnyway } from "../judge.ts";
import { isWebAddress, judgeResent, judgeSameOperation, withViolation } from "./provisioning.ts";

const bad = { intent: "bad" } as const;
const PLAN_UPDATEABLE: Want = {
  words: "plan_updateable is not true on a plan with another one to change to",
  fits: (offer) => isPlanUpdateable(offer) && offer.service.plans.length > 1,
};

/** One update from before to after, on an instance of its own. */
interface Updated {
  readonly live: Live;
  readonly change: Change;
  readonly before: Answer | undefined;
  readonly settled: EndedOperation;
  readonly after: Answer | undefined;
}

function firstChange(context: OsbContext, offer: Offer): Change {
  const change = changesOf(context.run, offer)[0];
  if (change === undefined) throw new Verdicted(notApplicable(updatable(context.run).words));
  return change;
}

/** Told once for each kind of change of the first plan that has one: what an update does is judged from several sides. */
function updated(
  context: OsbContext,
  pick: (change: Change) => boolean,
  words: string,
  ...wants: readonly Want[]
): Promise<Updated> {
  const find = (offer: Offer) => changesOf(context.run, offer).find(pick);
  const offer = context.offer(...wants, { words, fits: (each) => find(each) !== undefined });
  const change = find(offer) ?? firstChange(context, offer);
  return context.shared.once(`update ${offer.plan.id} ${change.words}`, async (platform) => {
    const told = context.with(platform);
    const live = await instanceToChange(told, offer, change);
    const before = await told.fetched(live);
    const settled = await platform.settle(offer, await told.update(live, change.body));
    return { live, change, before, settled, after: await told.fetched(live) };
  });
}

/** Valid parameters to begin with, other than those that the update will ask for, so that it has something to change. */
function initialParameters(context: OsbContext, offer: Offer, change: Change): JsonObject | undefined {
  const schema = schemaOf(offer, "create");
  const properties = schema?.["properties"];
  if (schema === undefined || !isObject(properties)) return undefined;
  const asked = Object.entries(change.parameters ?? {}).filter(([name]) => name in properties);
  const base = { ...parametersOf(context.run, offer, "provision"), ...Object.fromEntries(asked) };
  return differentFrom(schema, base, asked.length > 0 ? asked.map(([name]) => name) : undefined);
}

async function instanceToChange(context: OsbContext, offer: Offer, change: Change): Promise<Live> {
  const parameters = initialParameters(context, offer, change);
  if (parameters === undefined) return context.freshOf(offer);
  try {
    return await context.freshOf(offer, parameters);
  } catch (error) {
    // A schema may say less than the broker demands; that is another check's business.
    if (error instanceof Verdicted) return context.freshOf(offer);
    throw error;
  }
}

const anyUpdate = (context: OsbContext) => updated(context, () => true, updatable(context.run).words);
const planUpdate = (context: OsbContext) =>
  updated(context, (change) => change.planId !== undefined, PLAN_UPDATEABLE.words, PLAN_UPDATEABLE);
const parameterUpdate = (context: OsbContext) =>
  updated(context, (change) => change.parameters !== undefined, "no update schema to make parameters from");

/** A plan whose update was seen to be asynchronous. */
export async function asyncUpdateOffer(context: OsbContext): Promise<Offer> {
  const { live, settled } = await anyUpdate(context);
  if (settled.answer.status === 202) return live.offer;
  throw new Verdicted(
    notApplicable(`the update was answered ${settled.answer.status}: nothing stays in progress`, settled.answer),
  );
}

async function withoutFlag(context: OsbContext): Promise<Answer> {
  const offer = await asyncUpdateOffer(context);
  const live = await context.liveOf(offer);
  return context.update(live, firstChange(context, offer).body, { query: {}, ...bad });
}

async function missingServiceId(context: OsbContext): Promise<Outcome> {
  const live = await context.live(updatable(context.run));
  const { body } = firstChange(context, live.offer);
  const { service_id: _, ...rest } = body;
  const absent = await context.update(live, rest, bad);
  await context.platform.settle(live.offer, absent);
  const empty = await context.update(live, { ...rest, service_id: "" }, bad);
  await context.platform.settle(live.offer, empty);
  const outcome = worstOf([absent, empty].map((answer) => expectStatus(answer, [400])));
  return unlessRefusedAnyway(outcome, () => context.update(live, body));
}

async function malformed(context: OsbContext): Promise<Outcome> {
  const isOffered = areUpdatesOffered(context.run);
  const live = await context.live(isOffered ? { words: NO_UPDATE, fits: isUpdatable(context.run) } : ANY);
  const broken = await context.update(live, null, { text: '{"service_id": "', ...bad });
  const typed = await context.update(live, { service_id: 1 }, bad);
  const answers = [broken, typed];
  const outcome = worstOf(answers.map((answer) => expectStatus(answer, [400], [422])));
  if (isOffered || outcome.verdict === "pass" || !answers.every(isRefusal)) return outcome;
  return notApplicable(`${NO_UPDATE}, and every PATCH may be refused: it is answered ${seenOf(broken)}`, ...answers);
}

const NO_UPDATE = "nothing in the catalog says that instances can be updated";
const isRefusal = ({ status }: Answer): boolean => (status >= 400 && status < 500) || status === 501;

async function refused(
  context: OsbContext,
  want: Want,
  change: JsonObject,
  bodyOfLive: (live: Live) => JsonObject,
): Promise<Outcome> {
  const live = await context.live(want);
  const answer = await context.update(live, { ...bodyOfLive(live), ...change }, bad);
  return expectStatus(answer, ["4xx"], ["2xx"]);
}

async function planOptional(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(updatable(context.run));
  const change = changesOf(context.run, live.offer).find(({ planId }) => planId === undefined);
  if (change === undefined) return notApplicable("only plan changes can be asked for");
  const without = await context.update(live, change.body);
  await context.platform.settle(live.offer, without);
  const ordinarily = () => context.update(live, { ...change.body, plan_id: live.offer.plan.id });
  return unlessRefusedAnyway(expectStatus(without, [200, 202]), ordinarily);
}

async function previousValuesOptional(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(updatable(context.run));
  const { previous_values: _, ...body } = firstChange(context, live.offer).body;
  const without = await context.update(live, body);
  await context.platform.settle(live.offer, without);
  const { plan, service } = live.offer;
  const previous = { plan_id: plan.id, service_id: service.id };
  const current = (await context.fetched(live)) ?? without;
  const planNow = bodyOf(current)["plan_id"];
  const stays = typeof planNow === "string" && planNow !== plan.id;
  if (stays) return expectStatus(without, [200, 202]);
  const withThem = await context.update(live, { ...body, previous_values: previous });
  await context.platform.settle(live.offer, withThem);
  if (!isSuccess(without) && !isSuccess(withThem)) return needsMore(without);
  return worstOf([without, withThem].map((answer) => expectStatus(answer, [200, 202])));
}

async function repeated(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(updatable(context.run));
  const { body } = firstChange(context, live.offer);
  const first = await context.update(live, body);
  await context.platform.settle(live.offer, first);
  if (!isSuccess(first)) return notApplicable(`the first was answered ${first.status}`, first);
  const again = await context.update(live, body);
  await context.platform.settle(live.offer, again);
  return expectStatus(again, [200, 202], ["4xx"]);
}

async function contextOnly(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh({ words: "allow_context_updates is not true", fits: allowsContextUpdates });
  const renamed = { ...contextOf(context.run), instance_name: "drydock-renamed" };
  const answer = await context.update(live, { service_id: live.offer.service.id, context: renamed });
  await context.platform.settle(live.offer, answer);
  return expectStatus(answer, [200, 202]);
}

/** Tries each plan of the offering in turn; a refusal has to be 422. */
async function everyPlan(context: OsbContext, judge: (answer: Answer) => Outcome): Promise<Outcome> {
  const offer = context.offer(PLAN_UPDATEABLE);
  const refusals: Answer[] = [];
  for (const plan of offer.service.plans.filter(({ id }) => id !== offer.plan.id).slice(0, 4)) {
    const live = await context.liveOf(offer);
    const body = {
      service_id: offer.service.id,
      plan_id: plan.id,
      context: contextOf(context.run),
      previous_values: { plan_id: offer.plan.id },
    };
    const answer = await context.update(live, body);
    await context.platform.settle(offer, answer);
    if (!isSuccess(answer)) refusals.push(answer);
    else await context.discard(live);
  }
  return refusals.length > 0
    ? worstOf(refusals.map(judge))
    : notApplicable("every plan change that was tried is supported");
}

const planKept = ({ before, after, settled }: Updated): Outcome => {
  const [was, is] = [before, after].map((answer) => (answer === undefined ? undefined : bodyOf(answer)["plan_id"]));
  if (was === undefined || is === undefined || before === undefined || after === undefined) {
    return notApplicable("the plan of an instance cannot be read", settled.answer);
  }
  return was === is
    ? pass(before, settled.answer, after)
    : fail(`plan ${JSON.stringify(was)} to stay`, JSON.stringify(is), before, settled.answer, after);
};

const parametersKept = ({ before, after, settled }: Updated): Outcome => {
  const [was, is] = [before, after].map((answer) => (answer === undefined ? undefined : bodyOf(answer)["parameters"]));
  if (was === undefined || before === undefined || after === undefined) {
    return notApplicable("the parameters of an instance cannot be read", settled.answer);
  }
  return sameJson(was, is)
    ? pass(before, settled.answer, after)
    : fail("the parameters to stay", "other ones", before, settled.answer, after);
};

function planVisible({ change, settled, after }: Updated): Outcome {
  if (settled.state !== "succeeded") return notApplicable(`the update ${settled.state}`, settled.answer);
  if (after === undefined) return notApplicable("instances are not retrievable", settled.answer);
  const seen = bodyOf(after)["plan_id"];
  if (seen === undefined) return notApplicable("plan_id is not returned", after);
  return seen === change.planId
    ? pass(settled.answer, after)
    : fail(`plan_id ${change.planId}`, JSON.stringify(seen), settled.answer, after);
}

function parametersVisible({ change, settled, after }: Updated): Outcome {
  const seen = after === undefined ? undefined : bodyOf(after)["parameters"];
  if (settled.state !== "succeeded" || after === undefined || !isObject(seen)) {
    return notApplicable("the parameters of an instance cannot be read", settled.answer);
  }
  const wrong = Object.entries(change.parameters ?? {}).find(
    ([name, value]) => name in seen && !sameJson(seen[name], value),
  );
  return wrong === undefined
    ? pass(settled.answer, after)
    : fail(`parameter ${wrong[0]} to be updated`, "its old value", settled.answer, after);
}

async function refusedAppliesNothing(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(RETRIEVABLE, updatable(context.run));
  const before = await context.fetched(live);
  const { body } = firstChange(context, live.offer);
  const hasBegun = await context.watched(live);
  const answer = await context.update(live, { ...body, service_id: "" }, bad);
  const begun = isSuccess(answer) ? undefined : await hasBegun();
  if (begun !== undefined) return fail("a refused update to begin nothing", "something in progress", answer, begun);
  const after = await context.fetched(live);
  if (before === undefined || after === undefined) return notApplicable("the instance cannot be fetched", answer);
  if (isSuccess(answer)) return notApplicable("the request was not refused", answer);
  if (sameJson(before.json, after.json)) return pass(before, answer, after);
  return fail("a refused update to change nothing", "another answer to GET", before, answer, after);
}

function dashboardInUpdate({ settled, before, after }: Updated): Outcome {
  if (before === undefined || after === undefined)
    return notApplicable("instances are not retrievable", settled.answer);
  const [was, is, said] = [before, after, settled.answer].map((answer) => bodyOf(answer)["dashboard_url"]);
  if (is === undefined) return notApplicable("no dashboard_url was returned", after);
  if (is === was || is === said) return pass(settled.answer, after);
  return fail("a changed dashboard_url in the answer to the update", "it appears only in GET", settled.answer, after);
}

async function dashboardIdentifies(context: OsbContext): Promise<Outcome> {
  const { settled } = await anyUpdate(context);
  const url = bodyOf(settled.answer)["dashboard_url"];
  if (typeof url !== "string") return notApplicable("no update returned a dashboard_url", settled.answer);
  if (!isWebAddress(url)) return fail("an absolute http or https URL", url.slice(0, 80), settled.answer);
  const live = await context.live(ANY);
  const isShared = bodyOf(live.provisioned.answer)["dashboard_url"] === url;
  return isShared
    ? warn("a URL of its own for each instance", "the same for two", settled.answer)
    : pass(settled.answer);
}

async function maintained(context: OsbContext, version: "same" | "other"): Promise<Answer> {
  const live = version === "other" ? await context.live(MAINTAINED) : await context.fresh(MAINTAINED);
  const info = { version: version === "other" ? "0.0.0-drydock" : (maintenanceVersion(live.offer) ?? "") };
  const previous = { plan_id: live.offer.plan.id, maintenance_info: { version: info.version } };
  const body = {
    service_id: live.offer.service.id,
    context: contextOf(context.run),
    maintenance_info: info,
    previous_values: previous,
  };
  const answer = await context.update(live, body, version === "other" ? bad : {});
  await context.platform.settle(live.offer, answer);
  return answer;
}

async function unknownInstance(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(updatable(context.run));
  const answer = await context.update({ offer, id: context.platform.newId() }, firstChange(context, offer).body, bad);
  return expectStatus(answer, ["4xx"]);
}

async function flying(
  context: OsbContext,
  name: string,
  judge: (answer: Answer, started: Answer) => Outcome,
): Promise<Outcome> {
  const flight = await flightOfUpdate(context.shared, await asyncUpdateOffer(context));
  return inFlight(flight, name, (answer) => judge(answer, flight.started));
}

export const updatingChecks: readonly OsbCheck[] = [
  probe("update-context-only", contextOnly),
  probe(["update-route-exists", "update-plan-support-declared"], async (context) => {
    const { settled } = await anyUpdate(context);
    const { answer } = settled;
    return [404, 405, 501].includes(answer.status) ? fail("PATCH to be served", seenOf(answer), answer) : pass(answer);
  }),
  probe("update-accepts-incomplete-422", async (context) => expectStatus(await withoutFlag(context), [200, 422])),
  probe("update-422-async-error-code", async (context) => {
    const answer = await withoutFlag(context);
    return answer.status === 422
      ? expectError(answer, "AsyncRequired")
      : notApplicable(`answered ${answer.status}`, answer);
  }),
  probe("update-missing-service-id-400", missingServiceId),
  probe("update-malformed-400", malformed),
  probe("update-invalid-service-id", (context) =>
    refused(
      context,
      updatable(context.run),
      { service_id: context.platform.newId() },
      ({ offer }) => firstChange(context, offer).body,
    ),
  ),
  probe("update-invalid-plan-id", (context) =>
    refused(context, PLAN_UPDATEABLE, { plan_id: context.platform.newId() }, ({ offer }) => ({
      service_id: offer.service.id,
      context: contextOf(context.run),
    })),
  ),
  probe("update-plan-id-optional", planOptional),
  probe("update-without-plan-keeps-plan", async (context) => planKept(await parameterUpdate(context))),
  probe("update-without-parameters-keeps-parameters", async (context) => parametersKept(await planUpdate(context))),
  probe("update-parameters-validated", async (context) => {
    const { offer, parameters } = withViolation(context, "update");
    const live = await context.liveOf(offer);
    const body = { service_id: offer.service.id, context: contextOf(context.run), parameters };
    return expectStatus(await context.update(live, body, bad), ["4xx"], ["2xx"]);
  }),
  probe("update-previous-values-optional", previousValuesOptional),
  probe(["update-200", "update-202"], async (context) => {
    const { settled } = await anyUpdate(context);
    const { answer } = settled;
    if ([404, 405, 422, 501].includes(answer.status)) return notApplicable(`answered ${answer.status}`, answer);
    if (answer.status >= 400 && answer.status < 500) return needsMore(answer);
    return expectStatus(answer, [200, 202]);
  }),
  probe("update-noop-200", repeated),
  probe(
    "update-applied-visible",
    async (context) => {
      const outcomes = await Promise.all([
        planUpdate(context).then(planVisible, orNotApplicable),
        parameterUpdate(context).then(parametersVisible, orNotApplicable),
      ]);
      return worstOf(outcomes);
    },
    { instances: 2 },
  ),
  probe("update-resent-while-in-progress-202", (context) => flying(context, "resent", judgeResent), {
    exclusive: true,
  }),
  probe(
    "update-resent-same-operation",
    (context) => flying(context, "resent", (answer, started) => judgeSameOperation(started, answer)),
    { exclusive: true },
  ),
  probe("update-unsupported-422", (context) => everyPlan(context, (answer) => expectStatus(answer, [422], [400]))),
  probe("update-unsupported-plan-message", (context) =>
    everyPlan(context, (answer) => {
      const text = bodyOf(answer)["description"];
      return typeof text === "string" && text !== "" ? pass(answer) : fail("a description of why", "none", answer);
    }),
  ),
  probe("update-maintenance-info-conflict-422", async (context) =>
    expectStatus(await maintained(context, "other"), [422]),
  ),
  probe("update-maintenance-info-error-code", async (context) => {
    const answer = await maintained(context, "other");
    return answer.status === 422
      ? expectError(answer, "MaintenanceInfoConflict")
      : notApplicable(`answered ${answer.status}`, answer);
  }),
  probe("update-maintenance-info-match", async (context) =>
    expectStatus(await maintained(context, "same"), [200, 202]),
  ),
  probe("update-4xx-applies-nothing", refusedAppliesNothing),
  probe("update-dashboard-url-initial-response", async (context) => dashboardInUpdate(await anyUpdate(context))),
  probe("update-dashboard-url-identifies-instance", dashboardIdentifies, { instances: 2 }),
  probe("update-unknown-instance", unknownInstance, { instances: 0 }),
];

/** The answer to an ordinary update, where that is a refusal: then refusals of others prove nothing. */
export async function updateRefusal(context: OsbContext): Promise<Answer | undefined> {
  if (!context.run.offers.some(updatable(context.run).fits)) return undefined;
  const { state, answer } = (await anyUpdate(context)).settled;
  return state === "refused" ? answer : undefined;
}

function orNotApplicable(error: unknown): Outcome {
  if (error instanceof Verdicted && error.outcome.verdict === "not-applicable") return error.outcome;
  throw error;
}
