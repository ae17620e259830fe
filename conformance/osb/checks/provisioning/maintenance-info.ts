import type { Answer } from "../../../client/answer.ts";
import { maintenanceVersion } from "../../../client/catalog.ts";
import type { Outcome } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectErrorOf422, expectStatus, type StatusRule, unlessRefusedAnyway } from "../../judge.ts";
import { MAINTAINED } from "../../plan-requirements.ts";

type Maintenance = "same" | "other" | "described" | "absent";

/** The answer to a provision that carries this maintenance_info. */
async function provisionMaintained(context: OsbContext, change: Maintenance): Promise<Answer> {
  const offer = context.offer(MAINTAINED);
  const version = change === "other" ? "0.0.0-drydock" : (maintenanceVersion(offer) ?? "");
  const info = { version, ...(change === "described" ? { description: "Drydock wrote this" } : {}) };
  const body = { ...context.provisionBody(offer), ...(change === "absent" ? {} : { maintenance_info: info }) };
  const intent = change === "other" ? "bad" : "plain";
  return context.provisionNew(offer, { body, intent });
}

/** Judges it by its status; a broker that accepts neither this form nor the usual one is not to be judged. */
function judgeMaintenance(change: Maintenance, good: readonly StatusRule[], usual: Maintenance = "absent") {
  return async (context: OsbContext): Promise<Outcome> =>
    unlessRefusedAnyway(expectStatus(await provisionMaintained(context, change), good), () =>
      provisionMaintained(context, usual),
    );
}

/** Checks of spec.md, "Provisioning": maintenance_info. */
export const provisioningMaintenanceInfoChecks: readonly OsbCheck[] = [
  probe({
    id: "provision-maintenance-info-match",
    title: "A provision with the catalog's maintenance version is accepted",
    requirement: "A maintenance_info.version equal to the one in the catalog is accepted.",
    run: judgeMaintenance("same", ["2xx"]),
  }),
  probe({
    id: "provision-maintenance-info-conflict-422",
    title: "A provision with another maintenance version is answered 422",
    requirement: "A maintenance_info.version other than the one in the catalog is answered 422.",
    run: judgeMaintenance("other", [422]),
  }),
  probe({
    id: "provision-maintenance-info-error-code",
    title: "The refusal of a provision's maintenance version carries MaintenanceInfoConflict",
    requirement: "The 422 for another maintenance version carries the error code MaintenanceInfoConflict.",
    run: async (context) =>
      unlessRefusedAnyway(
        expectErrorOf422(await provisionMaintained(context, "other"), "MaintenanceInfoConflict"),
        () => provisionMaintained(context, "absent"),
      ),
  }),
  probe({
    id: "provision-maintenance-info-other-fields-ignored",
    title: "Only the version of maintenance_info is compared",
    requirement: "A provision with the right version and another description is accepted.",
    run: judgeMaintenance("described", ["2xx"]),
  }),
  probe({
    id: "provision-maintenance-info-optional",
    title: "A provision without maintenance_info is accepted",
    requirement: "The platform may leave maintenance_info out.",
    run: judgeMaintenance("absent", ["2xx"], "same"),
  }),
];
