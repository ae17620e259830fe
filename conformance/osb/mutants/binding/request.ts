import { isObject, type JsonObject } from "../../../client/http/json.ts";
import type { WireRequest } from "../../memory-broker/http.ts";
import type { Operation } from "../../../client/answer.ts";
import { asynchronousMutantsOf } from "../asynchronous-operations.ts";
import { instead, is, status } from "../changes.ts";
import { all, hasInside, hasUnknown, isNotJson, lacks, sends } from "../conditions.ts";
import { alter, pretend, rewrite, type When } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { sentOf } from "../operations.ts";
import { fillIn, ignoreUnfitting, withBody, withoutMember } from "../requests.ts";
import type { Middleware, TrafficMemory } from "../traffic.ts";

const BIND: readonly Operation[] = ["bind"];

const crash = { error: "Crashed", description: "A null pointer." };

const ownPlan = ({ path }: WireRequest, { asked }: TrafficMemory): JsonObject =>
  asked.get(path.slice(0, 3).join("/")) ?? {};

/** The request with the ids of its instance. */
function withOwnPlan(request: WireRequest, memory: TrafficMemory): WireRequest {
  const { service_id = "", plan_id = "" } = ownPlan(request, memory);
  return withBody(request, { ...sentOf(request), service_id, plan_id });
}

/** A plan that is not the one of the instance's request, taken for it. */
const guessPlan: Middleware = rewrite(
  BIND,
  (request, memory) => hasUnknown.service_id(request, memory) || hasUnknown.plan_id(request, memory),
  withOwnPlan,
);

/** It names another plan of the same offering than its instance's. */
const isOfOtherPlan: When = (request, memory) => {
  const { service_id: serviceId, plan_id: planId } = ownPlan(request, memory);
  const sent = sentOf(request);
  const isNamed = typeof sent["plan_id"] === "string" && sent["plan_id"] !== "" && sent["plan_id"] !== planId;
  return planId !== undefined && sent["service_id"] === serviceId && isNamed && !hasUnknown.plan_id(request, memory);
};

/** Planted defects for the checks of spec.md, "Binding": what a request has to have. */
export const bindingRequestMutants: readonly Mutant[] = [
  mutant(
    "bind-missing-service-id-400",
    "When it binds: a missing service_id is guessed.",
    rewrite(BIND, lacks("service_id"), fillIn("service_id")),
  ),
  mutant(
    "bind-missing-plan-id-400",
    "A missing plan_id is guessed.",
    rewrite(BIND, lacks("plan_id"), fillIn("plan_id")),
  ),
  mutant(
    "bind-malformed-400",
    "When it binds: it falls over (500) on a body that is not a JSON object.",
    pretend(BIND, isNotJson, 500, { error: "Crashed", description: "A null pointer." }),
    { also: ["error-appropriate-status"] },
  ),
  mutant("bind-invalid-service-or-plan", "It does not look at service_id and plan_id.", guessPlan),
  mutant(
    "bind-parameters-validated",
    "When it binds: parameters that do not fit the schema are passed over.",
    ignoreUnfitting(BIND, "bind"),
  ),
  mutant(
    "bind-unknown-instance",
    "It binds to instances that it does not know.",
    alter(BIND, is(404), instead(201, { credentials: { password: "of nothing" } })),
  ),
  mutant("bind-201", "A new binding is answered 200.", alter(BIND, is(201), status(200)), {
    also: [
      "minor-version-fields-ignored",
      "originating-identity-accepted",
      "vendor-request-fields-do-not-halt",
      "context-accepted",
      "rotation-*",
    ],
  }),
  mutant(
    "bind-optional-fields",
    "It crashes (500) if there is no context.",
    pretend(BIND, all(sends("service_id"), sends("plan_id"), sends("bind_resource"), lacks("context")), 500, crash),
  ),
  mutant(
    "bind-malformed-400",
    "Binding parameters that are not an object are ignored.",
    rewrite(
      BIND,
      all(sends("parameters"), (request) => !isObject(sentOf(request)["parameters"])),
      (request) => withoutMember(request, "parameters"),
    ),
    { id: "not-bind-malformed-400-parameters" },
  ),
  mutant(
    "bind-invalid-service-or-plan",
    "It accepts a bind that names any plan of the offering.",
    rewrite(BIND, isOfOtherPlan, withOwnPlan),
    { id: "not-bind-invalid-service-or-plan-other" },
  ),
  mutant(
    "bind-creates-binding",
    "It crashes (500) on the deprecated app_guid, which platforms send beside bind_resource.",
    pretend(BIND, all(sends("service_id"), sends("app_guid")), 500, crash),
    { id: "not-bind-creates-binding-app-guid", also: ["bind-malformed-400"] },
  ),
  mutant(
    "bind-optional-fields",
    "It crashes (500) without the deprecated app_guid, though bind_resource has it.",
    pretend(BIND, all(hasInside("bind_resource", "app_guid"), lacks("app_guid")), 500, crash),
    { id: "not-bind-optional-fields-app-guid" },
  ),
  ...asynchronousMutantsOf("bind"),
];
