import type { Operation } from "../../../client/answer.ts";
import { asynchronousMutantsOf } from "../asynchronous-operations.ts";
import { instead, is, status } from "../changes.ts";
import { all, hasInside, hasUnknown, isKnown, isNotJson, isUnflagged, lacks, sends } from "../conditions.ts";
import { alter, pretend, refuse, rewrite, type When } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { sentOf } from "../operations.ts";
import { fillIn, ignoreUnfitting, withoutMember } from "../requests.ts";

const PATCH: readonly Operation[] = ["update"];

const crash = { error: "Crashed", description: "A null pointer." };

/** Nearly all that is asked of an update is asked in one form; who refuses that form fails in many ways. */
const updates = { also: ["update-*"] };

/** It asks for other parameters or for a plan. */
const asksForChange: When = (request, memory) =>
  sends("parameters")(request, memory) || sends("plan_id")(request, memory);

/** Planted defects for the checks of spec.md, "Updating a Service Instance": what a request has to have. */
export const updatingInstanceRequestMutants: readonly Mutant[] = [
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
    rewrite(PATCH, lacks("service_id"), fillIn("service_id")),
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
    rewrite(PATCH, hasUnknown.service_id, fillIn("service_id")),
  ),
  mutant(
    "update-invalid-plan-id",
    "An unknown plan_id is passed over.",
    rewrite(PATCH, hasUnknown.plan_id, (request) => withoutMember(request, "plan_id")),
  ),
  mutant("update-plan-id-optional", "It demands a plan_id.", refuse(PATCH, all(isKnown, lacks("plan_id"))), updates),
  mutant(
    "update-parameters-validated",
    "When it updates: parameters that do not fit the schema are passed over.",
    ignoreUnfitting(PATCH, "update"),
  ),
  mutant(
    "update-previous-values-optional",
    "It demands previous_values.",
    refuse(PATCH, all(lacks("previous_values"), asksForChange)),
    updates,
  ),
  mutant("update-previous-values-optional", "It refuses previous_values.", refuse(PATCH, sends("previous_values")), {
    id: "not-update-previous-values-optional-sent",
    also: ["update-*", "vendor-request-fields-do-not-halt"],
  }),
  mutant(
    "update-previous-values-optional",
    "It crashes (500) on the deprecated members of previous_values, which platforms send.",
    pretend(PATCH, hasInside("previous_values", "organization_id"), 500, crash),
    {
      id: "not-update-previous-values-optional-deprecated",
      also: ["update-*", "vendor-request-fields-do-not-halt"],
    },
  ),
  mutant("update-unknown-instance", "It updates what it does not know.", alter(PATCH, is(404), instead(200))),
  ...asynchronousMutantsOf("update"),
  mutant(
    "update-optional-fields",
    "It crashes (500) if there is no context.",
    pretend(PATCH, all(sends("service_id"), sends("previous_values"), lacks("context")), 500, crash),
  ),
  mutant(
    "update-invalid-plan-id",
    "An empty plan_id is ignored.",
    rewrite(
      PATCH,
      (request) => sentOf(request)["plan_id"] === "",
      (request) => withoutMember(request, "plan_id"),
    ),
    { id: "not-update-invalid-plan-id-empty" },
  ),
  mutant(
    "update-malformed-400",
    "If the service_id is a number, it uses the id of the offering instead.",
    rewrite(PATCH, (request) => typeof sentOf(request)["service_id"] === "number", fillIn("service_id")),
    { id: "not-update-malformed-400-number" },
  ),
  mutant(
    "update-accepts-incomplete-422-2-12",
    "In 2.13, an update that can only be asynchronous is refused with 400 if accepts_incomplete is missing.",
    alter(PATCH, is(422), status(400), isUnflagged),
    { mode: "async", minor: 13 },
  ),
];
