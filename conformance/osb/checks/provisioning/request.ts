import { maintenanceVersion, type Offer } from "../../../client/catalog.ts";
import type { JsonObject } from "../../../client/http/json.ts";
import { type Outcome, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import type { StatusRule } from "../../judge.ts";
import { ANY } from "../../plan-requirements.ts";
import { otherParameters } from "../../request-bodies.ts";
import { absencesOf, withoutEach, withoutId } from "../../variations/absences.ts";
import { withForeignIds } from "../../variations/foreign-ids.ts";
import { judgeLeanProvisions, judgeProvisions } from "../../variations/judging.ts";
import { onEachPlan, plansUnlike } from "../../variations/plans.ts";
import { violatingParameters, withStrictSchema } from "../../variations/violations.ts";
import { parameterRows, typedRows } from "../../variations/wrong-types.ts";

/** Provisions without a required member. */
function provisionWithout(member: string, good: readonly StatusRule[], tolerated: readonly StatusRule[] = []) {
  return (context: OsbContext): Promise<Outcome> => {
    const offer = context.offer(ANY);
    const absences = absencesOf(member, context.provisionBody(offer));
    const rows = absences.map(({ words, body }) => ({ words, body, good, tolerated }));
    return judgeProvisions(context, offer, rows);
  };
}

const provisionWithoutId =
  (member: "service_id" | "plan_id") =>
  (whole: OsbContext): Promise<Outcome> =>
    onEachPlan(whole, [ANY], (context, offer) =>
      judgeProvisions(context, offer, withoutId(member, context.minor, context.provisionBody(offer))),
    );

/** An unknown or foreign id: any refusal will do, acceptance is worth a warning. */
const provisionForeign = (whole: OsbContext, member: "service_id" | "plan_id"): Promise<Outcome> =>
  onEachPlan(whole, [ANY], (context, offer) => {
    const rows = withForeignIds(context, offer, [member]).map(({ words, change }) => ({
      words,
      body: { ...context.provisionBody(offer), ...change },
      good: ["4xx"] as const,
      tolerated: ["2xx"] as const,
      isPermission: true,
    }));
    return judgeProvisions(context, offer, rows);
  });

const MALFORMED = ['{"service_id": "x', "[]", "null", ""];

async function provisionMalformed(context: OsbContext): Promise<Outcome> {
  const rows = MALFORMED.map((text) => ({
    words: text === "" ? "no body" : `the body ${text}`,
    text,
    good: [400],
    tolerated: [415, 422],
  }));
  return judgeProvisions(context, context.offer(ANY), rows);
}

async function provisionWrongType(context: OsbContext): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const [at, offer] of plansUnlike(context, "create", ANY).entries()) {
    const rows = (at === 0 ? typedRows : parameterRows)("provision", context.minor, context.provisionBody(offer));
    outcomes.push(await judgeProvisions(context, offer, rows));
  }
  return worstOf(outcomes);
}

/** The ordinary body, with everything that a platform may add to it. */
function fullBody(context: OsbContext, offer: Offer): JsonObject {
  const version = context.minor >= 15 ? maintenanceVersion(offer) : undefined;
  return { ...context.provisionBody(offer), ...(version === undefined ? {} : { maintenance_info: { version } }) };
}

async function provisionLean(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const rows = withoutEach(["context", "parameters", "maintenance_info"], fullBody(context, offer));
  return judgeLeanProvisions(context, offer, rows);
}

const provisionInvalidParameters = (whole: OsbContext): Promise<Outcome> =>
  onEachPlan(whole, [withStrictSchema("create")], (context, offer) => {
    const body = { ...context.provisionBody(offer), parameters: violatingParameters(offer, "create") ?? {} };
    return judgeProvisions(context, offer, [{ words: "unfit parameters", body, good: ["4xx"], tolerated: ["2xx"] }]);
  });

function provisionValidParameters(whole: OsbContext): Promise<Outcome> {
  const parametersFor = (offer: Offer) => otherParameters(whole.run, offer, "create");
  const requirement = {
    unmet: "no plan publishes a schema that parameters can be made for",
    fits: (offer: Offer) => parametersFor(offer) !== undefined,
  };
  return onEachPlan(whole, [requirement], (context, offer) => {
    const body = { ...context.provisionBody(offer), parameters: parametersFor(offer) ?? {} };
    return judgeProvisions(context, offer, [{ words: "fitting parameters", body, good: ["2xx"], intent: "plain" }]);
  });
}

/** Checks of spec.md, "Provisioning": what a request has to have. */
export const provisioningRequestChecks: readonly OsbCheck[] = [
  probe({
    id: "provision-missing-service-id-400",
    title: "A provision without service_id is answered 400",
    requirement: "A provision whose service_id is missing or empty is answered 400.",
    run: provisionWithoutId("service_id"),
  }),
  probe({
    id: "provision-missing-plan-id-400",
    title: "A provision without plan_id is answered 400",
    requirement: "A provision whose plan_id is missing or empty is answered 400.",
    run: provisionWithoutId("plan_id"),
  }),
  probe({
    id: "provision-missing-org-guid",
    title: "A provision without organization_guid is accepted or answered 400",
    requirement: "organization_guid is mandatory by the letter, but deprecated: its absence is a 400, or is tolerated.",
    run: provisionWithout("organization_guid", [400, "2xx"], ["4xx"]),
  }),
  probe({
    id: "provision-missing-space-guid",
    title: "A provision without space_guid is accepted or answered 400",
    requirement: "space_guid is mandatory by the letter, but deprecated: its absence is a 400, or is tolerated.",
    run: provisionWithout("space_guid", [400, "2xx"], ["4xx"]),
  }),
  probe({
    id: "provision-malformed-body-400",
    title: "A provision whose body is not a JSON object is answered 400",
    requirement: "A request whose body is malformed is answered 400.",
    clauses: ["provision-malformed-body-400", "request-body-unprocessable-400"],
    run: provisionMalformed,
  }),
  probe({
    id: "provision-wrong-type-400",
    title: "A provision with a member of the wrong JSON type is answered 400",
    requirement: "A member of the wrong JSON type, such as a number as service_id, makes the request malformed.",
    run: provisionWrongType,
  }),
  probe({
    id: "provision-optional-fields",
    title: "A provision without an optional member does not make the broker fail",
    requirement: "A member without an asterisk may be left out: the request is processed, or refused with a reason.",
    run: provisionLean,
  }),
  probe({
    id: "provision-invalid-service-id",
    title: "A provision with an unknown service_id is refused",
    requirement: "An unknown service_id may be answered 400; the specification does not say that it may be accepted.",
    run: (context) => provisionForeign(context, "service_id"),
  }),
  probe({
    id: "provision-invalid-plan-id",
    title: "A provision with an unknown plan_id is refused",
    requirement:
      "A plan_id that the catalog does not have may be answered 400; the specification does not say that it may be accepted.",
    run: (context) => provisionForeign(context, "plan_id"),
  }),
  probe({
    id: "provision-parameters-validated",
    title: "Provision parameters that break the published schema are refused",
    requirement: "The broker should validate the parameters of a provision.",
    run: provisionInvalidParameters,
  }),
  probe({
    id: "provision-valid-parameters-accepted",
    title: "Provision parameters that fit the published schema are accepted",
    requirement: "Parameters that satisfy the schema in the catalog should be accepted.",
    run: provisionValidParameters,
  }),
];
