import type { Operation } from "../../../client/answer.ts";
import { is, set } from "../changes.ts";
import { all, hasMaintenance, hasOtherVersion, isKnown, lacks, sends } from "../conditions.ts";
import { alter, pretend, refuse, rewrite } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { withoutMember } from "../requests.ts";

const PATCH: readonly Operation[] = ["update"];

/** Planted defects for the checks of spec.md, "Updating a Service Instance": maintenance_info. */
export const updatingInstanceMaintenanceInfoMutants: readonly Mutant[] = [
  mutant(
    "update-maintenance-info-conflict-422",
    "When it updates: any maintenance version is accepted.",
    rewrite(PATCH, hasOtherVersion, (request) => withoutMember(request, "maintenance_info")),
  ),
  mutant(
    "update-maintenance-info-conflict-422",
    "It refuses updates without a maintenance version as if they named a wrong one.",
    pretend(PATCH, all(isKnown, sends("service_id"), lacks("maintenance_info")), 422, {
      error: "MaintenanceInfoConflict",
      description: "The maintenance version has changed.",
    }),
    { id: "not-update-maintenance-info-conflict-422-none", also: ["update-*", "vendor-request-fields-do-not-halt"] },
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
      hasMaintenance((info, version) => info["version"] === version),
      422,
    ),
  ),
];
