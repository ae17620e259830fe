import type { Operation } from "../../../client/answer.ts";
import { is, set } from "../changes.ts";
import { hasMaintenance, hasOtherVersion } from "../conditions.ts";
import { alter, refuse, rewrite } from "../middleware.ts";
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
