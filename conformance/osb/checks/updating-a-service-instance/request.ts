import type { Answer } from "../../../client/answer.ts";
import { allowsContextUpdates, type Offer } from "../../../client/catalog.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted } from "../../../runner/check.ts";
import { type Change, changesOf, inventedChange, updatablePlan } from "../../changes.ts";
import type { OsbContext } from "../../context.ts";
import { expectUnflagged } from "../removal.ts";
import { updateMalformed } from "./malformed.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectErrorOf422, expectStatus, seenOf, unlessRefusedAnyway } from "../../judge.ts";
import { ANY } from "../../plan-requirements.ts";
import { contextOf, updateBodyFor } from "../../request-bodies.ts";
import { onEachAsyncPlan } from "../../sequences/asynchronous-plans.ts";
import {
  acceptedUpdate,
  anyUpdate,
  firstChange,
  ordinaryUpdate,
  PLAN_UPDATEABLE,
  type UpdateRecord,
} from "../../sequences/updates.ts";
import { withoutEach, withoutId } from "../../variations/absences.ts";
import { withForeignIds } from "../../variations/foreign-ids.ts";
import { judgeUpdates } from "../../variations/judging.ts";
import type { Row } from "../../variations/row.ts";
import { onEachPlan, orNone } from "../../variations/plans.ts";
import { violatingParameters, withStrictSchema } from "../../variations/violations.ts";
import { isSuccess } from "../../../client/request.ts";

const bad = { intent: "bad" } as const;

/** An update without accepts_incomplete, on each plan that needs it. */
const updateWithoutFlag = (judge: (answer: Answer) => Outcome) => (whole: OsbContext) =>
  onEachAsyncPlan(whole, "update", async (context, offer) => {
    const { change } = await ordinaryUpdate(context, offer);
    return judge(await context.update(await context.liveOf(offer), change.body, { query: {}, ...bad }));
  });

async function updateWithoutServiceId(context: OsbContext): Promise<Outcome> {
  const { live, change } = await acceptedUpdate(context);
  return judgeUpdates(context, live.offer, withoutId("service_id", context.minor, change.body));
}

async function updateWithForeignIds(
  context: OsbContext,
  member: "service_id" | "plan_id",
  more: readonly Pick<Row, "words" | "body">[],
  record: UpdateRecord,
): Promise<Outcome> {
  const { offer } = record.live;
  const rows = withForeignIds(context, offer, [member]).map(({ words, change }) => ({
    words,
    body: { ...record.change.body, ...change },
  }));
  return judgeUpdates(
    context,
    offer,
    [...rows, ...more].map((row) => ({ ...row, good: ["4xx"], tolerated: ["2xx"], isPermission: true })),
  );
}

async function updateForeignPlan(context: OsbContext): Promise<Outcome> {
  const record = await acceptedUpdate(context, PLAN_UPDATEABLE);
  const empty = { words: "an empty plan_id", body: { ...record.change.body, plan_id: "" } };
  return updateWithForeignIds(context, "plan_id", [empty], record);
}

const updateInvalidParameters = (whole: OsbContext): Promise<Outcome> =>
  onEachPlan(whole, [withStrictSchema("update")], async (context, offer) => {
    await acceptedUpdate(context, { unmet: "no update is offered", fits: ({ plan }) => plan.id === offer.plan.id });
    const parameters = violatingParameters(offer, "update") ?? {};
    const body = updateBodyFor(context.run, offer, { parameters });
    return judgeUpdates(context, offer, [{ words: "unfit parameters", body, good: ["4xx"], tolerated: ["2xx"] }]);
  });

async function updateWithoutPlan(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(updatablePlan(context.run));
  const change = changesOf(context.run, live.offer).find(({ planId }) => planId === undefined);
  if (change === undefined) return notApplicable("only plan changes can be asked for");
  const without = await context.update(live, change.body);
  await context.platform.settle(live.offer, without);
  const ordinarily = () => context.update(live, { ...change.body, plan_id: live.offer.plan.id });
  return unlessRefusedAnyway(expectStatus(without, ["2xx"]), ordinarily);
}

/** A platform may send previous_values with an update, or leave them out. */
async function updateWithoutPreviousValues(context: OsbContext): Promise<Outcome> {
  const [record] = await orNone<UpdateRecord>(async () => [await acceptedUpdate(context)]);
  const offer = record?.live.offer ?? context.offer(updatablePlan(context.run));
  const { previous_values: _, ...body } = (record?.change ?? firstChange(context, offer)).body;
  const live = await context.freshOf(offer);
  const without = await context.update(live, body);
  await context.platform.settle(offer, without);
  if (record !== undefined) return expectStatus(without, ["2xx"]);
  const { answer } = (await anyUpdate(context)).settled;
  return isSuccess(without)
    ? fail("an update with previous_values to be accepted", seenOf(answer), answer, without)
    : notApplicable(`no ordinary update is accepted: it is answered ${seenOf(answer)}`, answer, without);
}

/** Updates that each lack one of the members that a platform may leave out. */
async function updateLean(context: OsbContext): Promise<Outcome> {
  const { live, change } = await acceptedUpdate(context);
  const rows = withoutEach(["context", "previous_values"], change.body).map((row) => ({
    ...row,
    good: ["2xx", "4xx"] as const,
    intent: "plain" as const,
  }));
  return judgeUpdates(context, live.offer, rows);
}

async function updateContextOnly(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh({ unmet: "allow_context_updates is not true", fits: allowsContextUpdates });
  const renamed = { ...contextOf(context.run), instance_name: "drydock-renamed" };
  const answer = await context.update(live, { service_id: live.offer.service.id, context: renamed });
  await context.platform.settle(live.offer, answer);
  return expectStatus(answer, ["2xx"]);
}

/** What never was needs nothing to be made: where no instance can be, an update that is accepted is wrong all the same. */
async function updateUnknownInstance(context: OsbContext): Promise<Outcome> {
  const ask = (offer: Offer, { body }: Change): Promise<Answer> =>
    context.update({ offer, id: context.platform.newId() }, body, bad);
  try {
    const { live, change } = await acceptedUpdate(context);
    return expectStatus(await ask(live.offer, change), ["4xx"]);
  } catch (error) {
    if (!(error instanceof Verdicted) || error.outcome.verdict !== "unknown") throw error;
    const offer = context.offer(ANY);
    const answer = await ask(offer, inventedChange(context.run, offer));
    // Where nothing else is accepted, a refusal may be for anything.
    return isSuccess(answer) ? expectStatus(answer, ["4xx"]) : error.outcome;
  }
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
    run: updateWithoutFlag((answer) => expectUnflagged(answer, 200)),
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
    run: updateWithoutFlag((answer) => expectUnflagged(answer, 200)),
  }),
  probe({
    id: "update-422-async-error-code",
    title: "The refusal of a synchronous update carries AsyncRequired",
    requirement: "The 422 for a missing accepts_incomplete carries the error code AsyncRequired.",
    run: updateWithoutFlag((answer) => expectErrorOf422(answer, "AsyncRequired")),
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
    id: "update-optional-fields",
    title: "An update without an optional member does not make the broker fail",
    requirement: "A member without an asterisk may be left out: the request is processed, or refused with a reason.",
    run: updateLean,
  }),
  probe({
    id: "update-invalid-service-id",
    title: "An update with another service_id is refused",
    requirement: "A service_id other than the instance's may be answered 400.",
    run: async (context) => updateWithForeignIds(context, "service_id", [], await acceptedUpdate(context)),
  }),
  probe({
    id: "update-invalid-plan-id",
    title: "An update with an unknown plan_id is refused",
    requirement: "A plan_id that the offering does not have may be answered 400 or 422.",
    run: updateForeignPlan,
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
    run: updateInvalidParameters,
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
    run: updateUnknownInstance,
  }),
];
