import type { Operation } from "../../client/answer.ts";
import { alter, body, both, drop, instead, is, type Middleware, type Mutant, mutant, pretend, refuse, rewrite, set, status, success, type When } from "./mutant.ts";
import { filled, passingOver, without } from "./rewriting.ts";
import { all, hasFitting, hasOtherVersion, hasUnknown, instanceKeyOf, isKnown, isNotJson, lacks, maintained, offerOf, sends } from "./when.ts";

const PATCH: readonly Operation[] = ["update"];
const FETCH: readonly Operation[] = ["fetch-instance"];
/** Nearly all that is asked of an update is asked in one form; who refuses that form fails in many ways. */
const updates = { also: ["update-*"] };

/** Marks instances by what was asked of them, for lies that come later. */
function marking(mark: string, when: When): Middleware {
  return async (request, next, memory) => {
    const isMeant = request.method === "PATCH" && when(request, memory);
    const response = await next(request);
    if (isMeant && success(response.status)) memory.facts.set(`${mark} ${instanceKeyOf(request)}`, true);
    return response;
  };
}

const isMarked =
  (mark: string): When =>
  (request, { facts }) =>
    facts.has(`${mark} ${instanceKeyOf(request)}`);

const forgetful: Middleware = both(
  marking("without parameters", lacks("parameters")),
  alter(FETCH, is(200), set("parameters", {}), isMarked("without parameters")),
);

const falling: Middleware = both(
  marking("without plan", lacks("plan_id")),
  alter(
    FETCH,
    is(200),
    body((it, request, memory) => ({ ...it, plan_id: offerOf(request, memory)?.service.plans.at(-1)?.id ?? "" })),
    isMarked("without plan"),
  ),
);

/** The dashboard moves with an update, and only GET says so. */
const moving: Middleware = both(
  both(marking("moved", sends("service_id")), alter(PATCH, success, drop("dashboard_url"))),
  alter(FETCH, is(200), set("dashboard_url", "https://other.example.com/"), isMarked("moved")),
);

/** Applies what it refuses. */
const hasty: Middleware = async (request, next, memory) => {
  const isMeant =
    request.method === "PATCH" && lacks("service_id")(request, memory) && sends("parameters")(request, memory);
  if (isMeant) await next(filled("service_id")(request, memory));
  return next(request);
};

/** An update that was asked for before, to the letter. */
const stubborn: Middleware = async (request, next, memory) => {
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

export const updatingMutants: readonly Mutant[] = [
  mutant(
    "update-context-only",
    "It declares context updates, and refuses an update that has nothing else.",
    refuse(PATCH, all(sends("context"), lacks("plan_id"), lacks("parameters"), lacks("maintenance_info"))),
  ),
  mutant(
    "update-route-exists",
    "PATCH is not served (405), whatever the catalog says.",
    pretend(PATCH, () => true, 405, { error: "NotAllowed", description: "There is no PATCH." }),
    updates,
  ),
  mutant(
    "update-missing-service-id-400",
    "When it updates: a missing service_id is guessed.",
    rewrite(PATCH, lacks("service_id"), filled("service_id")),
    { also: ["update-malformed-400"] },
  ),
  mutant(
    "update-malformed-400",
    "When it updates: it falls over (500) on a body that is not a JSON object.",
    pretend(PATCH, isNotJson, 500, { error: "Crashed", description: "A null pointer." }),
    { also: ["error-appropriate-status"] },
  ),
  mutant(
    "update-invalid-service-id",
    "It does not look at service_id.",
    rewrite(PATCH, hasUnknown.service_id, filled("service_id")),
  ),
  mutant(
    "update-invalid-plan-id",
    "An unknown plan_id is passed over.",
    rewrite(PATCH, hasUnknown.plan_id, (request) => without(request, "plan_id")),
  ),
  mutant("update-plan-id-optional", "It demands a plan_id.", refuse(PATCH, all(isKnown, lacks("plan_id"))), updates),
  mutant("update-without-plan-keeps-plan", "Without a plan_id an update falls back to the last plan.", falling),
  mutant(
    "update-without-parameters-keeps-parameters",
    "An update without parameters forgets those there were.",
    forgetful,
  ),
  mutant(
    "update-parameters-validated",
    "When it updates: parameters that do not fit the schema are passed over.",
    passingOver(PATCH, "update"),
  ),
  mutant(
    "update-previous-values-optional",
    "It refuses previous_values beside parameters.",
    refuse(PATCH, all(sends("previous_values"), sends("parameters"))),
    { also: ["vendor-request-fields-do-not-halt"] },
  ),
  mutant("update-200", "A finished update is answered 201.", alter(PATCH, is(200), status(201)), {
    also: ["update-*", "vendor-request-fields-do-not-halt"],
  }),
  mutant("update-noop-200", "An update that changes nothing is refused: 422.", stubborn),
  mutant(
    "update-applied-visible",
    "It answers 200 to new parameters, and keeps the old.",
    rewrite(PATCH, hasFitting("update"), (request) => without(request, "parameters")),
  ),
  mutant(
    "update-unsupported-422",
    "A plan change that it does not support is refused with 409.",
    alter(PATCH, is(422), status(409), sends("plan_id")),
  ),
  mutant(
    "update-unsupported-plan-message",
    "A plan change that it does not support is refused without a word.",
    alter(PATCH, is(422), drop("description"), sends("plan_id")),
  ),
  mutant(
    "update-maintenance-info-conflict-422",
    "When it updates: any maintenance version is accepted.",
    rewrite(PATCH, hasOtherVersion, (request) => without(request, "maintenance_info")),
  ),
  mutant(
    "update-maintenance-info-error-code",
    "When it updates: it refuses another maintenance version with an error code of its own.",
    alter(PATCH, is(422), set("error", "WrongVersion"), hasOtherVersion),
  ),
  mutant(
    "update-maintenance-info-match",
    "It refuses the maintenance version that it offers.",
    refuse(
      PATCH,
      maintained((info, version) => info["version"] === version),
      422,
    ),
  ),
  mutant("update-4xx-applies-nothing", "It applies the parameters before it looks for service_id.", hasty),
  mutant("update-dashboard-url-initial-response", "The dashboard moves with an update, and only GET says so.", moving),
  mutant(
    "update-dashboard-url-identifies-instance",
    "An update tells a dashboard_url that is a path on some host.",
    alter(PATCH, success, set("dashboard_url", "/dashboards/1")),
  ),
  mutant("update-unknown-instance", "It updates what it does not know.", alter(PATCH, is(404), instead(200))),
];
