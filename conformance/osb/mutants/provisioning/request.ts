import { isObject } from "../../../client/http/json.ts";
import { readCatalog } from "../../../client/catalog.ts";
import { asynchronousMutantsOf } from "../asynchronous-operations.ts";
import { all, hasFitting, hasUnknown, isKnown, isNotJson, lacks, not, sends } from "../conditions.ts";
import { pretend, refuse, rewrite, type When } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { sentOf } from "../operations.ts";
import { fillIn, ignoreUnfitting, withoutMember } from "../requests.ts";

const crash = { error: "Crashed", description: "A null pointer." };

const crashes = { also: ["error-appropriate-status"] };

/** Its service_id is in the catalog, but is not that of its plan. */
const isOfAnotherOffering: When = (request, { catalog }) => {
  const { service_id: serviceId, plan_id: planId } = sentOf(request);
  const services = readCatalog(catalog);
  const owner = services.find(({ plans }) => plans.some(({ id }) => id === planId));
  return owner !== undefined && owner.id !== serviceId && services.some(({ id }) => id === serviceId);
};

const isNew: When = not(isKnown);

const PROVISION = ["provision"] as const;

/** Planted defects for the checks of spec.md, "Provisioning": what a request has to have. */
export const provisioningRequestMutants: readonly Mutant[] = [
  mutant(
    "provision-missing-service-id-400",
    "When it provisions: a missing service_id is guessed.",
    rewrite(PROVISION, lacks("service_id"), fillIn("service_id")),
  ),
  mutant(
    "provision-missing-plan-id-400",
    "Without a plan_id one gets the first plan.",
    rewrite(PROVISION, lacks("plan_id"), fillIn("plan_id")),
  ),
  mutant(
    "provision-missing-org-guid",
    "It falls over (500) when organization_guid is missing.",
    pretend(PROVISION, all(lacks("organization_guid"), not(isNotJson)), 500, crash),
    crashes,
  ),
  mutant(
    "provision-missing-space-guid",
    "It falls over (500) when space_guid is missing.",
    pretend(PROVISION, all(lacks("space_guid"), not(isNotJson)), 500, crash),
    crashes,
  ),
  mutant(
    "provision-malformed-body-400",
    "When it provisions: it falls over (500) on a body that is not a JSON object.",
    pretend(PROVISION, isNotJson, 500, crash),
    crashes,
  ),
  mutant(
    "provision-wrong-type-400",
    "Parameters that are not an object are passed over.",
    rewrite(
      PROVISION,
      all(sends("parameters"), (request) => !isObject(sentOf(request)["parameters"])),
      (request) => withoutMember(request, "parameters"),
    ),
  ),
  mutant(
    "provision-invalid-service-id",
    "It goes by plan_id alone: any service_id will do.",
    rewrite(PROVISION, hasUnknown.service_id, fillIn("service_id")),
  ),
  mutant(
    "provision-invalid-plan-id",
    "An unknown plan_id gives the first plan.",
    rewrite(PROVISION, hasUnknown.plan_id, fillIn("plan_id")),
  ),
  mutant(
    "provision-parameters-validated",
    "When it provisions: parameters that do not fit the schema are passed over.",
    ignoreUnfitting(PROVISION, "create"),
  ),
  mutant(
    "provision-valid-parameters-accepted",
    "It publishes a schema for parameters that it does not accept.",
    refuse(PROVISION, all(isNew, hasFitting("create"))),
  ),
  mutant(
    "provision-optional-fields",
    "It crashes (500) if there is no context.",
    pretend(
      PROVISION,
      all(isNew, sends("plan_id"), sends("organization_guid"), sends("space_guid"), lacks("context")),
      500,
      crash,
    ),
  ),
  mutant(
    "provision-wrong-type-400",
    "It crashes (500) on a context that is not an object.",
    pretend(PROVISION, (request) => typeof sentOf(request)["context"] === "string", 500, crash),
    { id: "not-provision-wrong-type-400-context", ...crashes },
  ),
  mutant(
    "provision-missing-service-id-400",
    "A service_id of null is read as that of the plan.",
    rewrite(PROVISION, (request) => sentOf(request)["service_id"] === null, fillIn("service_id")),
    { id: "not-provision-missing-service-id-400-null" },
  ),
  mutant(
    "provision-invalid-service-id",
    "The service_id of another offering is ignored.",
    rewrite(PROVISION, isOfAnotherOffering, fillIn("service_id")),
    { id: "not-provision-invalid-service-id-other", also: ["provision-conflict-409", "provision-invalid-plan-id"] },
  ),
  ...asynchronousMutantsOf("provision"),
];
