import type { Answer } from "../../../client/answer.ts";
import { maintenanceVersion } from "../../../client/catalog.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { fail, type Outcome } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectErrorOf422, expectStatus } from "../../judge.ts";
import { declaredRecords } from "../../sequences/updates.ts";
import { orNone } from "../../variations/plans.ts";
import { MAINTAINED } from "../../plan-requirements.ts";
import { previousValues, updateBodyFor } from "../../request-bodies.ts";

const bad = { intent: "bad" } as const;

/** An update to the catalog's version, or to another one. Each is played once per run. */
function updateMaintained(context: OsbContext, version: "same" | "other"): Promise<Answer> {
  return context.shared.once(`update to ${version} maintenance version`, (platform) =>
    askForVersion(context.with(platform), version),
  );
}

async function askForVersion(context: OsbContext, version: "same" | "other"): Promise<Answer> {
  const live = await context.fresh(MAINTAINED);
  const info = { version: version === "other" ? "0.0.0-drydock" : (maintenanceVersion(live.offer) ?? "") };
  const previous = { ...previousValues(context.run, live.offer), maintenance_info: { version: info.version } };
  const body = updateBodyFor(context.run, live.offer, { maintenance_info: info, previous_values: previous });
  const answer = await context.update(live, body, version === "other" ? bad : {});
  await context.platform.settle(live.offer, answer);
  return answer;
}

/** Updates that do not mention maintenance, yet are refused for their maintenance version. */
async function conflictsForNone(context: OsbContext): Promise<readonly Answer[]> {
  const records = await orNone(() => declaredRecords(context));
  return records
    .map(({ settled }) => settled.answer)
    .filter((answer) => answer.status === 422 && answer.sent["maintenance_info"] === undefined)
    .filter((answer) => bodyOf(answer)["error"] === "MaintenanceInfoConflict");
}

async function judgeConflict(context: OsbContext): Promise<Outcome> {
  const [refusal] = await conflictsForNone(context);
  if (refusal === undefined) return expectStatus(await updateMaintained(context, "other"), [422]);
  return fail("MaintenanceInfoConflict for a version that does not match", "it, for none that was sent", refusal);
}

/** Checks of spec.md, "Updating a Service Instance": maintenance_info. */
export const updatingInstanceMaintenanceInfoChecks: readonly OsbCheck[] = [
  probe({
    id: "update-maintenance-info-conflict-422",
    title: "An update to another maintenance version is answered 422",
    requirement: "A maintenance_info.version other than the one in the catalog is answered 422.",
    run: judgeConflict,
  }),
  probe({
    id: "update-maintenance-info-error-code",
    title: "The refusal of an update's maintenance version carries MaintenanceInfoConflict",
    requirement: "The 422 for another maintenance version carries the error code MaintenanceInfoConflict.",
    run: async (context) => {
      return expectErrorOf422(await updateMaintained(context, "other"), "MaintenanceInfoConflict");
    },
  }),
  probe({
    id: "update-maintenance-info-match",
    title: "An update to the catalog's maintenance version is accepted",
    requirement: "The maintenance version of the catalog is accepted, whether it changes the instance or not.",
    run: async (context) => expectStatus(await updateMaintained(context, "same"), ["2xx"]),
  }),
];
