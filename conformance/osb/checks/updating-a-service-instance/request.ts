import type { JsonObject } from "../../../client/http/json.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import type { Answer } from "../../../client/answer.ts";
import { allowsContextUpdates } from "../../../client/catalog.ts";
import { fail, notApplicable, type Outcome, pass, worstOf } from "../../../runner/check.ts";
import { areUpdatesOffered, changesOf, isUpdatable, updatablePlan } from "../../changes.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectErrorOf422, expectStatus, ordinaryRefusal, seenOf, unlessRefusedAnyway } from "../../judge.ts";
import { ANY, type PlanRequirement } from "../../plan-requirements.ts";
import { contextOf } from "../../request-bodies.ts";
import { asyncUpdateOffer } from "../../sequences/asynchronous-plans.ts";
import { planWithViolation } from "../../sequences/schema-violation.ts";
import { anyUpdate, firstChange, PLAN_UPDATEABLE } from "../../sequences/updates.ts";
import type { LiveInstance } from "../../shared-instances.ts";
import { isSuccess } from "../../../client/request.ts";

const bad = { intent: "bad" } as const;

async function updateWithoutFlag(context: OsbContext): Promise<Answer> {
  const offer = await asyncUpdateOffer(context);
  const live = await context.liveOf(offer);
  return context.update(live, firstChange(context, offer).body, { query: {}, ...bad });
}

async function updateWithoutServiceId(context: OsbContext): Promise<Outcome> {
  const live = await context.live(updatablePlan(context.run));
  const { body } = firstChange(context, live.offer);
  const { service_id: _, ...rest } = body;
  const absent = await context.update(live, rest, bad);
  await context.platform.settle(live.offer, absent);
  const empty = await context.update(live, { ...rest, service_id: "" }, bad);
  await context.platform.settle(live.offer, empty);
  const outcome = worstOf([absent, empty].map((answer) => expectStatus(answer, [400])));
  return unlessRefusedAnyway(outcome, () => context.update(live, body));
}

async function updateMalformed(context: OsbContext): Promise<Outcome> {
  const isOffered = areUpdatesOffered(context.run);
  const live = await context.live(isOffered ? { unmet: NO_UPDATE, fits: isUpdatable(context.run) } : ANY);
  const broken = await context.update(live, null, { text: '{"service_id": "', ...bad });
  const typed = await context.update(live, { service_id: 1 }, bad);
  const answers = [broken, typed];
  const outcome = worstOf(answers.map((answer) => expectStatus(answer, [400], [422])));
  if (isOffered || outcome.verdict === "pass" || !answers.every(isUpdateRefusal)) return outcome;
  return notApplicable(`${NO_UPDATE}, and every PATCH may be refused: it is answered ${seenOf(broken)}`, ...answers);
}

const NO_UPDATE = "nothing in the catalog says that instances can be updated";

const isUpdateRefusal = ({ status }: Answer): boolean => (status >= 400 && status < 500) || status === 501;

async function updateWith(
  context: OsbContext,
  want: PlanRequirement,
  change: JsonObject,
  bodyOfLive: (live: LiveInstance) => JsonObject,
): Promise<Outcome> {
  const live = await context.live(want);
  const answer = await context.update(live, { ...bodyOfLive(live), ...change }, bad);
  return expectStatus(answer, ["4xx"], ["2xx"]);
}

async function updateWithoutPlan(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(updatablePlan(context.run));
  const change = changesOf(context.run, live.offer).find(({ planId }) => planId === undefined);
  if (change === undefined) return notApplicable("only plan changes can be asked for");
  const without = await context.update(live, change.body);
  await context.platform.settle(live.offer, without);
  const ordinarily = () => context.update(live, { ...change.body, plan_id: live.offer.plan.id });
  return unlessRefusedAnyway(expectStatus(without, [200, 202]), ordinarily);
}

async function updateWithoutPreviousValues(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(updatablePlan(context.run));
  const { previous_values: _, ...body } = firstChange(context, live.offer).body;
  const without = await context.update(live, body);
  await context.platform.settle(live.offer, without);
  const { plan, service } = live.offer;
  const previous = { plan_id: plan.id, service_id: service.id };
  const current = (await context.fetchInstance(live)) ?? without;
  const planNow = bodyOf(current)["plan_id"];
  const stays = typeof planNow === "string" && planNow !== plan.id;
  if (stays) return expectStatus(without, [200, 202]);
  const withThem = await context.update(live, { ...body, previous_values: previous });
  await context.platform.settle(live.offer, withThem);
  if (!isSuccess(without) && !isSuccess(withThem)) return ordinaryRefusal(without);
  return worstOf([without, withThem].map((answer) => expectStatus(answer, [200, 202])));
}

async function updateContextOnly(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh({ unmet: "allow_context_updates is not true", fits: allowsContextUpdates });
  const renamed = { ...contextOf(context.run), instance_name: "drydock-renamed" };
  const answer = await context.update(live, { service_id: live.offer.service.id, context: renamed });
  await context.platform.settle(live.offer, answer);
  return expectStatus(answer, [200, 202]);
}

async function updateUnknownInstance(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(updatablePlan(context.run));
  const answer = await context.update({ offer, id: context.platform.newId() }, firstChange(context, offer).body, bad);
  return expectStatus(answer, ["4xx"]);
}

/** Checks of spec.md, "Updating a Service Instance": what a request has to have. */
export const updatingInstanceRequestChecks: readonly OsbCheck[] = [
  probe({
    id: "update-context-only",
    title: "An update of nothing but the context is accepted",
    requirement: "With allow_context_updates a PATCH with only service_id and context is supported.",
    run: updateContextOnly,
  }),
  probe({
    id: "update-route-exists",
    title: "PATCH is served where the catalog offers updates",
    requirement: "A broker whose catalog declares updates serves PATCH on an existing instance.",
    clauses: ["update-route-exists", "update-plan-support-declared"],
    run: async (context) => {
      const { settled } = await anyUpdate(context);
      const { answer } = settled;
      return [404, 405, 501].includes(answer.status)
        ? fail("PATCH to be served", seenOf(answer), answer)
        : pass(answer);
    },
  }),
  probe({
    id: "update-accepts-incomplete-422",
    title: "An asynchronous update without accepts_incomplete is refused with 422",
    requirement:
      "An update that can only be done asynchronously is refused with 422 when accepts_incomplete=true is missing.",
    run: async (context) => expectStatus(await updateWithoutFlag(context), [200, 422]),
  }),
  probe({
    id: "update-accepts-incomplete-422-2-12",
    title: "An asynchronous update without accepts_incomplete is refused with 422 (2.12 and 2.13)",
    requirement:
      "In versions 2.12 and 2.13 an update that can only be done asynchronously should be refused with 422 when accepts_incomplete=true is missing.",
    clauses: ["update-accepts-incomplete-422"],
    level: "SHOULD",
    since: 12,
    until: 13,
    run: async (context) => expectStatus(await updateWithoutFlag(context), [200, 422]),
  }),
  probe({
    id: "update-422-async-error-code",
    title: "The refusal of a synchronous update carries AsyncRequired",
    requirement: "The 422 for a missing accepts_incomplete carries the error code AsyncRequired.",
    run: async (context) => {
      return expectErrorOf422(await updateWithoutFlag(context), "AsyncRequired");
    },
  }),
  probe({
    id: "update-missing-service-id-400",
    title: "An update without service_id is answered 400",
    requirement: "An update whose service_id is missing or empty is answered 400.",
    run: updateWithoutServiceId,
  }),
  probe({
    id: "update-malformed-400",
    title: "A malformed update is answered 400",
    requirement: "A PATCH whose body is cut off or has a member of the wrong type is answered 400.",
    run: updateMalformed,
  }),
  probe({
    id: "update-invalid-service-id",
    title: "An update with another service_id is refused",
    requirement: "A service_id other than the instance's may be answered 400.",
    run: (context) =>
      updateWith(
        context,
        updatablePlan(context.run),
        { service_id: context.platform.newId() },
        ({ offer }) => firstChange(context, offer).body,
      ),
  }),
  probe({
    id: "update-invalid-plan-id",
    title: "An update with an unknown plan_id is refused",
    requirement: "A plan_id that the offering does not have may be answered 400 or 422.",
    run: (context) =>
      updateWith(context, PLAN_UPDATEABLE, { plan_id: context.platform.newId() }, ({ offer }) => ({
        service_id: offer.service.id,
        context: contextOf(context.run),
      })),
  }),
  probe({
    id: "update-plan-id-optional",
    title: "An update without plan_id is accepted",
    requirement: "plan_id may be left out of an update.",
    run: updateWithoutPlan,
  }),
  probe({
    id: "update-parameters-validated",
    title: "Update parameters that break the published schema are refused",
    requirement: "The broker should validate the parameters of an update.",
    run: async (context) => {
      const { offer, parameters } = planWithViolation(context, "update");
      const live = await context.liveOf(offer);
      const body = { service_id: offer.service.id, context: contextOf(context.run), parameters };
      return expectStatus(await context.update(live, body, bad), ["4xx"], ["2xx"]);
    },
  }),
  probe({
    id: "update-previous-values-optional",
    title: "An update without previous_values is accepted",
    requirement: "previous_values may be left out of an update.",
    run: updateWithoutPreviousValues,
  }),
  probe({
    id: "update-unknown-instance",
    title: "An update of an unknown instance is refused",
    requirement: "Updating an instance that does not exist is answered with some 4xx.",
    needs: { instances: 0 },
    run: updateUnknownInstance,
  }),
];
