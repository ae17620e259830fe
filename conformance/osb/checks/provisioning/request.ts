import type { Offer } from "../../../client/catalog.ts";
import { type Outcome, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectStatus, unlessRefusedAnyway } from "../../judge.ts";
import { ANY } from "../../plan-requirements.ts";
import { otherParameters } from "../../request-bodies.ts";
import { planWithViolation } from "../../sequences/schema-violation.ts";

const bad = { intent: "bad" } as const;

/** Provisions with a member of the body taken out, or emptied. */
function provisionWithout(member: string, good: readonly number[], tolerated: readonly ("2xx" | "4xx")[] = []) {
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
async function expectProvisionRefused(context: OsbContext, change: Readonly<Record<string, string>>): Promise<Outcome> {
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

async function provisionInvalidParameters(context: OsbContext): Promise<Outcome> {
  const { offer, parameters } = planWithViolation(context, "create");
  const body = { ...context.provisionBody(offer), parameters };
  const answer = await context.provision(offer, context.platform.newId(), { body, ...bad });
  return expectStatus(answer, ["4xx"], ["2xx"]);
}

async function provisionValidParameters(context: OsbContext): Promise<Outcome> {
  const fits = (offer: Offer) => otherParameters(context.run, offer, "create") !== undefined;
  const offer = context.offer({ unmet: "no plan publishes a schema that parameters can be made for", fits });
  const body = { ...context.provisionBody(offer), parameters: otherParameters(context.run, offer, "create") ?? {} };
  const answer = await context.provision(offer, context.platform.newId(), { body });
  return unlessRefusedAnyway(expectStatus(answer, ["2xx"]), () => context.provision(offer, context.platform.newId()));
}

/** Checks of spec.md, "Provisioning": what a request has to have. */
export const provisioningRequestChecks: readonly OsbCheck[] = [
  probe({
    id: "provision-missing-service-id-400",
    title: "A provision without service_id is answered 400",
    requirement: "A provision whose service_id is missing or empty is answered 400.",
    run: provisionWithout("service_id", [400]),
  }),
  probe({
    id: "provision-missing-plan-id-400",
    title: "A provision without plan_id is answered 400",
    requirement: "A provision whose plan_id is missing or empty is answered 400.",
    run: provisionWithout("plan_id", [400]),
  }),
  probe({
    id: "provision-missing-org-guid",
    title: "A provision without organization_guid is accepted or answered 400",
    requirement: "organization_guid is mandatory by the letter, but deprecated: its absence is a 400, or is tolerated.",
    run: provisionWithout("organization_guid", [400, 200, 201, 202], ["4xx"]),
  }),
  probe({
    id: "provision-missing-space-guid",
    title: "A provision without space_guid is accepted or answered 400",
    requirement: "space_guid is mandatory by the letter, but deprecated: its absence is a 400, or is tolerated.",
    run: provisionWithout("space_guid", [400, 200, 201, 202], ["4xx"]),
  }),
  probe({
    id: "provision-malformed-body-400",
    title: "A provision whose body is no JSON object is answered 400",
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
    id: "provision-invalid-service-id",
    title: "A provision with an unknown service_id is refused",
    requirement: "An unknown service_id may be answered 400; the specification does not say that it may be accepted.",
    run: (context) => expectProvisionRefused(context, { service_id: context.platform.newId() }),
  }),
  probe({
    id: "provision-invalid-plan-id",
    title: "A provision with an unknown plan_id is refused",
    requirement:
      "A plan_id that the catalog does not have may be answered 400; the specification does not say that it may be accepted.",
    run: (context) => expectProvisionRefused(context, { plan_id: context.platform.newId() }),
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
