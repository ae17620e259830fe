import { isObject } from "../../client/http/json.ts";
import { isBindable, maintenanceVersion } from "../../client/catalog.ts";
import { alter, drop, instead, is, type Middleware, type Mutant, mutant, pretend, refuse, rewrite, sentOf, set, status, success, type When } from "./mutant.ts";
import { filled, passingOver, without } from "./rewriting.ts";
import { all, hasFitting, hasOtherVersion, hasUnknown, instanceKeyOf, isKnown, isNotJson, lacks, maintained, not, ofPlan, sends } from "./when.ts";
import { reply, type WireRequest } from "./wire.ts";

const crash = { error: "Crashed", description: "A null pointer." };
const crashes = { also: ["error-appropriate-status"] };

const isNew: When = not(isKnown);
const PUT = ["provision"] as const;

/** Each repeat of a PUT makes one more, and each DELETE removes one. */
const multiplies: Middleware = async (request, next, { facts }) => {
  const key = `more of ${instanceKeyOf(request)}`;
  const more = Number(facts.get(key) ?? 0);
  const isInstance = request.path.length === 3;
  if (isInstance && request.method === "DELETE" && more > 0) {
    facts.set(key, more - 1);
    return reply(200, {});
  }
  const response = await next(request);
  if (isInstance && request.method === "PUT" && response.status === 200) facts.set(key, more + 1);
  return response;
};

/** Answers a conflict rightly, and takes over what was asked all the same. */
const overwrites: Middleware = async (request, next) => {
  const response = await next(request);
  if (request.method === "PUT" && request.path.length === 3 && response.status === 409)
    await next({ ...request, method: "PATCH" });
  return response;
};

const dashboardOf = (url: (request: WireRequest) => string): Middleware =>
  alter(["provision", "fetch-instance"], success, (response, request, memory) =>
    set("dashboard_url", url(request))(response, request, memory),
  );

export const provisioningMutants: readonly Mutant[] = [
  mutant(
    "provision-creates-resource",
    "It answers 201 for a plan that cannot be bound, and creates nothing.",
    pretend(
      PUT,
      ofPlan((offer) => !isBindable(offer)),
      201,
    ),
    { also: ["fetch-instance-supported", "deprovision-deletes-resources"] },
  ),
  mutant(
    "provision-missing-service-id-400",
    "When it provisions: a missing service_id is guessed.",
    rewrite(PUT, lacks("service_id"), filled("service_id")),
  ),
  mutant(
    "provision-missing-plan-id-400",
    "Without a plan_id one gets the first plan.",
    rewrite(PUT, lacks("plan_id"), filled("plan_id")),
  ),
  mutant(
    "provision-missing-org-guid",
    "It falls over (500) when organization_guid is missing.",
    pretend(PUT, all(lacks("organization_guid"), not(isNotJson)), 500, crash),
    crashes,
  ),
  mutant(
    "provision-missing-space-guid",
    "It falls over (500) when space_guid is missing.",
    pretend(PUT, all(lacks("space_guid"), not(isNotJson)), 500, crash),
    crashes,
  ),
  mutant(
    "provision-malformed-body-400",
    "When it provisions: it falls over (500) on a body that is not a JSON object.",
    pretend(PUT, isNotJson, 500, crash),
    crashes,
  ),
  mutant(
    "provision-wrong-type-400",
    "Parameters that are not an object are passed over.",
    rewrite(
      PUT,
      all(sends("parameters"), (request) => !isObject(sentOf(request)["parameters"])),
      (request) => without(request, "parameters"),
    ),
  ),
  mutant(
    "provision-invalid-service-id",
    "It goes by plan_id alone: any service_id will do.",
    rewrite(PUT, hasUnknown.service_id, filled("service_id")),
  ),
  mutant(
    "provision-invalid-plan-id",
    "An unknown plan_id gives the first plan.",
    rewrite(PUT, hasUnknown.plan_id, filled("plan_id")),
  ),
  mutant(
    "provision-parameters-validated",
    "When it provisions: parameters that do not fit the schema are passed over.",
    passingOver(PUT, "create"),
  ),
  mutant(
    "provision-valid-parameters-accepted",
    "It publishes a schema for parameters that it does not accept.",
    refuse(PUT, all(isNew, hasFitting("create"))),
  ),
  mutant(
    "provision-maintenance-info-match",
    "It refuses a maintenance_info that is not, description and all, the one of the catalog.",
    refuse(
      PUT,
      maintained((info, version) => info["version"] === version && info["description"] === undefined),
      422,
    ),
  ),
  mutant(
    "provision-maintenance-info-conflict-422",
    "When it provisions: any maintenance version is accepted.",
    rewrite(PUT, hasOtherVersion, (request) => without(request, "maintenance_info")),
  ),
  mutant(
    "provision-maintenance-info-error-code",
    "When it provisions: it refuses another maintenance version with an error code of its own.",
    alter(PUT, is(422), set("error", "WrongVersion"), hasOtherVersion),
  ),
  mutant(
    "provision-maintenance-info-other-fields-ignored",
    "It accepts a maintenance_info with version only.",
    refuse(
      PUT,
      maintained((info) => Object.keys(info).some((name) => name !== "version")),
    ),
  ),
  mutant(
    "provision-maintenance-info-optional",
    "A plan with maintenance_info can only be provisioned by those who send it.",
    refuse(
      PUT,
      all(
        lacks("maintenance_info"),
        ofPlan((offer) => maintenanceVersion(offer) !== undefined),
      ),
    ),
    { also: ["*"] },
  ),
  mutant("provision-201", "A new instance is answered 200.", alter(PUT, is(201), status(200)), {
    also: [
      "minor-version-fields-ignored",
      "originating-identity-accepted",
      "vendor-request-fields-do-not-halt",
      "context-accepted",
    ],
  }),
  mutant("provision-identical-200", "The same provision again is a conflict: 409.", alter(PUT, is(200), status(409))),
  mutant(
    "provision-identical-200-2-12",
    "The same provision again is a conflict in 2.13: 409.",
    alter(PUT, is(200), status(409)),
    { minor: 13 },
  ),
  mutant(
    "provision-identical-no-second-resource",
    "The same request again makes one more instance under the same id.",
    multiplies,
  ),
  mutant(
    "provision-conflict-409",
    "It goes by the id alone: a request with other attributes is taken for a repeat.",
    alter(PUT, is(409), instead(200)),
  ),
  mutant("provision-conflict-leaves-original", "It answers 409 to other attributes, and takes them over.", overwrites),
  mutant(
    "provision-dashboard-url-identifies-instance",
    "dashboard_url is a path on some host.",
    dashboardOf(({ path }) => `/dashboards/${path[2]}`),
  ),
  mutant(
    "provision-dashboard-url-identifies-instance",
    "All instances have one dashboard_url.",
    dashboardOf(() => "https://dashboard.example.com/"),
    { id: "one-dashboard-for-all" },
  ),
  mutant(
    "provision-dashboard-url-initial-response",
    "There is a dashboard_url, but the provision does not tell it.",
    alter(PUT, success, drop("dashboard_url")),
  ),
];
