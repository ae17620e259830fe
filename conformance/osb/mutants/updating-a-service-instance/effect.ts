import type { Operation } from "../../../client/answer.ts";
import { isObject } from "../../../client/http/json.ts";
import type { WireRequest } from "../../memory-broker/http.ts";
import { body, instead, is, set, status, success } from "../changes.ts";
import { hasFitting, hasOtherVersion, instanceKeyOf, lacks, offerOf, sends } from "../conditions.ts";
import { alter, combine, rewrite } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { sentOf } from "../operations.ts";
import { fillIn, withBody, withoutMember } from "../requests.ts";
import type { Middleware } from "../traffic.ts";
import { isMarked, mark } from "./marks.ts";

const PATCH: readonly Operation[] = ["update"];

const FETCH: readonly Operation[] = ["fetch-instance"];

const forgetParameters: Middleware = combine(
  mark("without parameters", lacks("parameters")),
  alter(FETCH, is(200), set("parameters", {}), isMarked("without parameters")),
);

const fallBackToLastPlan: Middleware = combine(
  mark("without plan", lacks("plan_id")),
  alter(
    FETCH,
    is(200),
    body((it, request, memory) => ({ ...it, plan_id: offerOf(request, memory)?.service.plans.at(-1)?.id ?? "" })),
    isMarked("without plan"),
  ),
);

/** The request for the plan that the instance had before. */
function takePreviousPlan(request: WireRequest): WireRequest {
  const sent = sentOf(request);
  const previous = sent["previous_values"];
  const planId = isObject(previous) ? previous["plan_id"] : undefined;
  return planId === undefined ? request : withBody(request, { ...sent, plan_id: planId });
}

/** Applies what it refuses. */
const applyRefused: Middleware = async (request, next, memory) => {
  const isMeant =
    request.method === "PATCH" && lacks("service_id")(request, memory) && sends("parameters")(request, memory);
  if (isMeant) await next(fillIn("service_id")(request, memory));
  return next(request);
};

const applyWithOtherVersion: Middleware = async (request, next, memory) => {
  const isMeant =
    request.method === "PATCH" && hasOtherVersion(request, memory) && sends("parameters")(request, memory);
  if (isMeant) await next(withoutMember(request, "maintenance_info"));
  return next(request);
};

/** An update that was asked for before, to the letter. */
const refuseRepeat: Middleware = async (request, next, memory) => {
  const { facts } = memory;
  const key = `asked of ${instanceKeyOf(request)}`;
  if (request.method !== "PATCH") return next(request);
  const isRepeat = facts.get(key) === request.text;
  facts.set(key, request.text);
  const response = await next(request);
  return isRepeat
    ? instead(422, { error: "NothingToDo", description: "It is so already." })(response, request, memory)
    : response;
};

/** Planted defects for the checks of spec.md, "Updating a Service Instance": what changes, and what stays. */
export const updatingInstanceEffectMutants: readonly Mutant[] = [
  mutant(
    "update-without-plan-keeps-plan",
    "Without a plan_id an update falls back to the last plan.",
    fallBackToLastPlan,
  ),
  mutant(
    "update-without-parameters-keeps-parameters",
    "An update without parameters forgets those there were.",
    forgetParameters,
  ),
  mutant("update-200", "A finished update is answered 201.", alter(PATCH, is(200), status(201)), {
    also: ["update-*", "vendor-request-fields-do-not-halt"],
  }),
  mutant("update-noop-200", "An update that changes nothing is refused: 422.", refuseRepeat),
  mutant(
    "update-applied-visible",
    "It answers 200 to new parameters, and keeps the old.",
    rewrite(PATCH, hasFitting("update"), (request) => withoutMember(request, "parameters")),
  ),
  mutant(
    "update-applied-visible",
    "It takes the plan from previous_values, if one is named there.",
    rewrite(PATCH, sends("plan_id"), takePreviousPlan),
    { id: "not-update-applied-visible-previous", also: ["update-malformed-400", "update-invalid-plan-id"] },
  ),
  mutant(
    "update-applied-visible",
    "It answers 200 to a change of the plan, and keeps the old one.",
    rewrite(PATCH, sends("plan_id"), (request) => withoutMember(request, "plan_id")),
    {
      id: "not-update-applied-visible-plan",
      also: [
        "update-invalid-plan-id",
        "update-malformed-400",
        "update-unsupported-*",
        "unbind-*",
        "deprovision-*",
        "orphan-*",
        "fetch-instance-plan-id",
        "lastop-*",
      ],
    },
  ),
  mutant(
    "update-applied-visible",
    "The labels in the answer to an update are not those in a fetch.",
    // A broker that returns no labels has none to get wrong.
    alter(
      PATCH,
      success,
      body((it) => ("metadata" in it ? { ...it, metadata: { labels: { owner: "somebody" } } } : it)),
    ),
    { id: "not-update-applied-visible-labels" },
  ),
  mutant("update-4xx-applies-nothing", "It applies the parameters before it looks for service_id.", applyRefused),
  mutant(
    "update-4xx-applies-nothing",
    "It applies the parameters of an update, and then refuses its maintenance version.",
    applyWithOtherVersion,
    { id: "not-update-4xx-applies-nothing-maintenance" },
  ),
  mutant(
    "update-4xx-applies-nothing",
    "It refuses a change of the plan, but makes it.",
    alter(PATCH, success, instead(422, { error: "NotNow", description: "Not now." }), sends("plan_id")),
    {
      id: "not-update-4xx-applies-nothing-plan",
      also: ["update-*", "vendor-request-fields-do-not-halt", "unbind-*", "deprovision-*", "orphan-*"],
    },
  ),
];
