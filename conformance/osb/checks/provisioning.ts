import { sameJson } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { maintenanceVersion, schemaOf, type Offer } from "../../client/catalog.ts";
import { isSuccess } from "../../client/request.ts";
import { minimalFor, violationOf } from "../../client/schema.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted, warn, worstOf } from "../../runner/check.ts";
import { ANY, MAINTAINED, type OsbContext, otherParameters, type Want } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { conflicting, flightOfProvision, inFlight, operationOf } from "../in-flight.ts";
import { expectError, expectStatus, needsMore, seenOf, type StatusRule, unlessRefusedAnyway } from "../judge.ts";
import { type Life, lifeOf, lives } from "../stories.ts";

/** A plan whose provisioning was seen to be asynchronous. */
export async function asyncOffer(context: OsbContext): Promise<Offer> {
  const all = await lives(context.shared);
  const life = all.find(({ provision }) => provision.answer.status === 202);
  if (life !== undefined) return life.offer;
  throw new Verdicted(
    notApplicable("no provision was answered 202: the broker is synchronous", ...all.map(provisionOf)),
  );
}

const provisionOf = (life: Life): Answer => life.provision.answer;

/** Judges every life; not applicable when `judge` applies to none. */
export async function eachLife(context: OsbContext, judge: (life: Life) => Outcome | undefined): Promise<Outcome> {
  const outcomes = (await lives(context.shared)).map(judge).filter((outcome) => outcome !== undefined);
  return outcomes.length > 0
    ? worstOf(outcomes)
    : notApplicable("no instance got that far, or the broker does not offer it");
}

const bad = { intent: "bad" } as const;

/** Provisions with a member of the body taken out, or emptied. */
function without(member: string, good: readonly number[], tolerated: readonly ("2xx" | "4xx")[] = []) {
  return async (context: OsbContext): Promise<Outcome> => {
    const offer = context.offer(ANY);
    const { [member]: _, ...rest } = context.provisionBody(offer);
    const absent = await context.provision(offer, context.platform.newId(), { body: rest, ...bad });
    const empty = await context.provision(offer, context.platform.newId(), { body: { ...rest, [member]: "" }, ...bad });
    const outcome = worstOf([absent, empty].map((answer) => expectStatus(answer, good, tolerated)));
    return unlessRefusedAnyway(outcome, () => context.provision(offer, context.platform.newId()));
  };
}

/** An unknown or foreign id: any refusal will do, acceptance is worth a warning. */
async function expectRefusal(context: OsbContext, change: Readonly<Record<string, string>>): Promise<Outcome> {
  const offer = context.offer(ANY);
  const body = { ...context.provisionBody(offer), ...change };
  const answer = await context.provision(offer, context.platform.newId(), { body, ...bad });
  return expectStatus(answer, ["4xx"], ["2xx"]);
}

const MALFORMED = ['{"service_id": "x', "[]", "null", ""];

async function provisionMalformed(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const outcomes: Outcome[] = [];
  for (const text of MALFORMED) {
    const answer = await context.provision(offer, context.platform.newId(), { text, ...bad });
    outcomes.push(expectStatus(answer, [400], [415, 422]));
  }
  return worstOf(outcomes);
}

async function provisionWrongType(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const body = context.provisionBody(offer);
  const outcomes: Outcome[] = [];
  for (const wrong of [{ service_id: 1 }, { plan_id: true }, { parameters: "text" }]) {
    const answer = await context.provision(offer, context.platform.newId(), { body: { ...body, ...wrong }, ...bad });
    outcomes.push(expectStatus(answer, [400], [422]));
  }
  return unlessRefusedAnyway(worstOf(outcomes), () => context.provision(offer, context.platform.newId()));
}

/** A plan with a schema that refuses something; the parameters that it refuses. */
export function withViolation(context: OsbContext, use: "create" | "update" | "bind", ...wants: readonly Want[]) {
  const violates = (offer: Offer) => {
    const schema = schemaOf(offer, use);
    return schema === undefined ? undefined : violationOf(schema, minimalFor(schema) ?? {});
  };
  const words = `no plan publishes a schema for ${use} that refuses anything`;
  const offer = context.offer(...wants, { words, fits: (each) => violates(each) !== undefined });
  return { offer, parameters: violates(offer) ?? {} };
}

async function parametersValidated(context: OsbContext): Promise<Outcome> {
  const { offer, parameters } = withViolation(context, "create");
  const body = { ...context.provisionBody(offer), parameters };
  const answer = await context.provision(offer, context.platform.newId(), { body, ...bad });
  return expectStatus(answer, ["4xx"], ["2xx"]);
}

async function validParametersAccepted(context: OsbContext): Promise<Outcome> {
  const fits = (offer: Offer) => otherParameters(context.run, offer, "create") !== undefined;
  const offer = context.offer({ words: "no plan publishes a schema that parameters can be made for", fits });
  const body = { ...context.provisionBody(offer), parameters: otherParameters(context.run, offer, "create") ?? {} };
  const answer = await context.provision(offer, context.platform.newId(), { body });
  return unlessRefusedAnyway(expectStatus(answer, ["2xx"]), () => context.provision(offer, context.platform.newId()));
}

type Maintenance = "same" | "other" | "described" | "absent";

/** The answer to a provision that carries this maintenance_info. */
async function maintained(context: OsbContext, change: Maintenance): Promise<Answer> {
  const offer = context.offer(MAINTAINED);
  const version = change === "other" ? "0.0.0-drydock" : (maintenanceVersion(offer) ?? "");
  const info = { version, ...(change === "described" ? { description: "Drydock wrote this" } : {}) };
  const body = { ...context.provisionBody(offer), ...(change === "absent" ? {} : { maintenance_info: info }) };
  const intent = change === "other" ? "bad" : "plain";
  return context.provision(offer, context.platform.newId(), { body, intent });
}

/** Judges it by its status; a broker that accepts neither this form nor the usual one is not to be judged. */
function maintenance(change: Maintenance, good: readonly StatusRule[], usual: Maintenance = "absent") {
  return async (context: OsbContext): Promise<Outcome> =>
    unlessRefusedAnyway(expectStatus(await maintained(context, change), good), () => maintained(context, usual));
}

/** Without the flag: 422 where the broker cannot do it at once. */
async function withoutFlag(context: OsbContext, query: Readonly<Record<string, string>>): Promise<Answer> {
  return context.provision(await asyncOffer(context), context.platform.newId(), { query, intent: "bad" });
}

async function identical(context: OsbContext, judge: (answer: Answer) => Outcome): Promise<Outcome> {
  const live = await context.live(ANY);
  return judge(await context.provision(live.offer, live.id));
}

async function noSecondResource(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(ANY);
  await context.provision(live.offer, live.id);
  const { platform } = context;
  await platform.settle(live.offer, await platform.deprovision(live.offer, live.id));
  const again = await platform.deprovision(live.offer, live.id);
  if (!isSuccess(again)) return pass(...platform.sent);
  return fail("one deletion to remove it, so that nothing is left for the next", seenOf(again), ...platform.sent);
}

/** The answer to a PUT with other attributes on an instance that is there. */
async function conflict(context: OsbContext): Promise<{ answer: Answer; unchanged: () => Promise<Outcome> }> {
  const words = "the offering has one plan and no schema to vary";
  const live = await context.live({ words, fits: (offer) => conflicting(context.shared, offer) !== undefined });
  const before = await context.fetched(live);
  const body = conflicting(context.shared, live.offer) ?? {};
  const hasBegun = await context.watched(live);
  const answer = await context.provision(live.offer, live.id, { body, ...bad });
  const unchanged = async (): Promise<Outcome> => {
    const begun = isSuccess(answer) ? undefined : await hasBegun();
    if (begun !== undefined) return fail("a refused request to begin nothing", "something in progress", answer, begun);
    const after = await context.fetched(live);
    if (before === undefined || after === undefined) return notApplicable("instances are not retrievable", answer);
    if (sameJson(before.json, after.json)) return pass(before, answer, after);
    return fail("the first instance to stay as it was", "another answer to GET", before, answer, after);
  };
  return { answer, unchanged };
}

async function resentInFlight(context: OsbContext): Promise<Outcome> {
  const flight = await flightOfProvision(context.shared, await asyncOffer(context));
  return inFlight(flight, "resent", (answer) => judgeResent(answer));
}

/** The answer to a request that was sent again while it was being carried out. */
export function judgeResent(answer: Answer): Outcome {
  if (answer.status === 422 && bodyOf(answer)["error"] === "ConcurrencyError")
    return warn("202", seenOf(answer), answer);
  return expectStatus(answer, [202]);
}

export function judgeSameOperation(started: Answer, resent: Answer): Outcome {
  if (resent.status !== 202) return notApplicable("the repeat was not answered 202", started, resent);
  const [first, second] = [operationOf(started), operationOf(resent)];
  if (first === second) return pass(started, resent);
  return fail(`the operation of the first answer, "${first}"`, `"${second}"`, started, resent);
}

/** Whether an address is an absolute one of the web. */
export function isWebAddress(value: unknown): boolean {
  return typeof value === "string" && /^https?:\/\/[^/]/.test(value) && URL.canParse(value);
}

async function dashboardIdentifies(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const { provision } = await lifeOf(context.shared, offer);
  const url = bodyOf(provision.answer)["dashboard_url"];
  if (typeof url !== "string") return notApplicable("no dashboard_url was returned", provision.answer);
  const live = await context.live(ANY);
  const other = bodyOf(live.provisioned.answer)["dashboard_url"];
  const evidence = [provision.answer, live.provisioned.answer];
  if (!isWebAddress(url)) return fail("an absolute http or https URL", url.slice(0, 80), ...evidence);
  return url === other
    ? warn("a URL of its own for each instance", "the same for two", ...evidence)
    : pass(...evidence);
}

function dashboardInFirstResponse({ provision, fetched }: Life): Outcome | undefined {
  if (fetched?.status !== 200) return undefined;
  const [first, later] = [bodyOf(provision.answer)["dashboard_url"], bodyOf(fetched)["dashboard_url"]];
  if (typeof later !== "string") return undefined;
  if (first !== undefined && first !== null) return pass(provision.answer, fetched);
  return fail(
    "dashboard_url in the first answer",
    "it appears only when the instance is fetched",
    provision.answer,
    fetched,
  );
}

function created({ offer, provision, fetched, binds, deprovision }: Life): Outcome {
  const { answer } = provision;
  if (answer.status >= 400 && answer.status < 500) return needsMore(answer);
  if (provision.state !== "succeeded") {
    return fail(
      `plan "${offer.plan.name}" to be provisioned`,
      `${seenOf(answer)}, ${provision.state}`,
      answer,
      ...provision.polls,
    );
  }
  const isThere = fetched?.status === 200 || binds.some((bind) => bind.state === "succeeded");
  if (isThere || (deprovision !== undefined && isSuccess(deprovision.answer))) return pass(answer);
  return fail("an instance that can be fetched, bound or deleted", "none of it works", answer);
}

export const provisioningChecks: readonly OsbCheck[] = [
  probe("provision-creates-resource", (context) => eachLife(context, created), { instances: 0 }),
  probe(["provision-accepts-incomplete-422", "async-required-422"], async (context) =>
    expectStatus(await withoutFlag(context, {}), [201, 422]),
  ),
  probe(["provision-422-async-error-code", "async-required-error-code", "error-codes-prescribed"], async (context) => {
    const answer = await withoutFlag(context, {});
    return answer.status === 422
      ? expectError(answer, "AsyncRequired")
      : notApplicable(`answered ${answer.status}`, answer);
  }),
  probe("provision-accepts-incomplete-false", async (context) =>
    expectStatus(await withoutFlag(context, { accepts_incomplete: "false" }), [201, 422]),
  ),
  probe("provision-missing-service-id-400", without("service_id", [400])),
  probe("provision-missing-plan-id-400", without("plan_id", [400])),
  probe("provision-missing-org-guid", without("organization_guid", [400, 200, 201, 202], ["4xx"])),
  probe("provision-missing-space-guid", without("space_guid", [400, 200, 201, 202], ["4xx"])),
  probe(["provision-malformed-body-400", "request-body-unprocessable-400"], provisionMalformed),
  probe("provision-wrong-type-400", provisionWrongType),
  probe("provision-invalid-service-id", (context) => expectRefusal(context, { service_id: context.platform.newId() })),
  probe("provision-invalid-plan-id", (context) => expectRefusal(context, { plan_id: context.platform.newId() })),
  probe("provision-parameters-validated", parametersValidated),
  probe("provision-valid-parameters-accepted", validParametersAccepted),
  probe("provision-maintenance-info-match", maintenance("same", ["2xx"])),
  probe("provision-maintenance-info-conflict-422", maintenance("other", [422])),
  probe("provision-maintenance-info-error-code", async (context) => {
    const answer = await maintained(context, "other");
    return answer.status === 422
      ? expectError(answer, "MaintenanceInfoConflict")
      : notApplicable(`answered ${answer.status}`, answer);
  }),
  probe("provision-maintenance-info-other-fields-ignored", maintenance("described", ["2xx"])),
  probe("provision-maintenance-info-optional", maintenance("absent", ["2xx"], "same")),
  probe(
    ["provision-201", "provision-202", "async-202"],
    (context) =>
      eachLife(context, ({ provision: { answer } }) =>
        isSuccess(answer) ? expectStatus(answer, [201, 202]) : undefined,
      ),
    { instances: 0 },
  ),
  probe("provision-identical-200", (context) => identical(context, (answer) => expectStatus(answer, [200]))),
  probe("provision-identical-200", (context) => identical(context, (answer) => expectStatus(answer, [200])), {
    id: "provision-identical-200-2-12",
    level: "MUST",
    since: 12,
    until: 13,
  }),
  probe("provision-identical-no-second-resource", noSecondResource),
  probe(["provision-conflict-409", "error-specified-status-used"], async (context) =>
    expectStatus((await conflict(context)).answer, [409]),
  ),
  probe("provision-conflict-leaves-original", async (context) => (await conflict(context)).unchanged()),
  probe("provision-resent-while-in-progress-202", resentInFlight, { exclusive: true }),
  probe(
    "provision-resent-same-operation",
    async (context) => {
      const flight = await flightOfProvision(context.shared, await asyncOffer(context));
      return inFlight(flight, "resent", (answer) => judgeSameOperation(flight.started, answer));
    },
    { exclusive: true },
  ),
  probe(
    "provision-conflict-while-in-progress-409",
    async (context) => {
      const flight = await flightOfProvision(context.shared, await asyncOffer(context));
      return inFlight(flight, "conflict", (answer) =>
        answer.status === 422 ? expectError(answer, "ConcurrencyError") : expectStatus(answer, [409]),
      );
    },
    { exclusive: true },
  ),
  probe("provision-dashboard-url-identifies-instance", dashboardIdentifies),
  probe("provision-dashboard-url-initial-response", (context) => eachLife(context, dashboardInFirstResponse), {
    instances: 0,
  }),
];
