import { maintenanceVersion } from "../../../client/catalog.ts";
import { is, set } from "../changes.ts";
import { all, hasMaintenance, hasOtherVersion, lacks, ofPlan } from "../conditions.ts";
import { alter, refuse, rewrite } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { withoutMember } from "../requests.ts";

const PROVISION = ["provision"] as const;

/** Planted defects for the checks of spec.md, "Provisioning": maintenance_info. */
export const provisioningMaintenanceInfoMutants: readonly Mutant[] = [
  mutant(
    "provision-maintenance-info-match",
    "It refuses a maintenance_info that is not, description and all, the one of the catalog.",
    refuse(
      PROVISION,
      hasMaintenance((info, version) => info["version"] === version && info["description"] === undefined),
      422,
    ),
  ),
  mutant(
    "provision-maintenance-info-conflict-422",
    "When it provisions: any maintenance version is accepted.",
    rewrite(PROVISION, hasOtherVersion, (request) => withoutMember(request, "maintenance_info")),
  ),
  mutant(
    "provision-maintenance-info-error-code",
    "When it provisions: it refuses another maintenance version with an error code of its own.",
    alter(PROVISION, is(422), set("error", "WrongVersion"), hasOtherVersion),
  ),
  mutant(
    "provision-maintenance-info-other-fields-ignored",
    "It accepts a maintenance_info with version only.",
    refuse(
      PROVISION,
      hasMaintenance((info) => Object.keys(info).some((name) => name !== "version")),
    ),
  ),
  mutant(
    "provision-maintenance-info-optional",
    "A plan with maintenance_info can only be provisioned by those who send it.",
    refuse(
      PROVISION,
      all(
        lacks("maintenance_info"),
        ofPlan((offer) => maintenanceVersion(offer) !== undefined),
      ),
    ),
    { also: ["*"] },
  ),
];
