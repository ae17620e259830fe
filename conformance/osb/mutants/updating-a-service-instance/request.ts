import type { Operation } from "../../../client/answer.ts";
import { asynchronousMutantsOf } from "../asynchronous-operations.ts";
import { instead, is, status } from "../changes.ts";
import { all, hasUnknown, isKnown, isNotJson, isUnflagged, lacks, sends } from "../conditions.ts";
import { alter, pretend, refuse, rewrite } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { fillIn, ignoreUnfitting, withoutMember } from "../requests.ts";

const PATCH: readonly Operation[] = ["update"];

/** Nearly all that is asked of an update is asked in one form; who refuses that form fails in many ways. */
const updates = { also: ["update-*"] };

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
    "It refuses previous_values beside parameters.",
    refuse(PATCH, all(sends("previous_values"), sends("parameters"))),
    { also: ["vendor-request-fields-do-not-halt"] },
  ),
  mutant("update-unknown-instance", "It updates what it does not know.", alter(PATCH, is(404), instead(200))),
  ...asynchronousMutantsOf("update"),
  mutant(
    "update-accepts-incomplete-422-2-12",
    "In 2.13 an update that it can only do asynchronously is refused with 400 when accepts_incomplete is missing.",
    alter(PATCH, is(422), status(400), isUnflagged),
    { mode: "async", minor: 13 },
  ),
];
