import type { JsonObject } from "../client/http/json.ts";
import { allowsContextUpdates, isPlanUpdateable, maintenanceVersion, type Offer, schemaOf } from "../client/catalog.ts";
import { differentFrom } from "../client/schema.ts";
import type { RunContext } from "../runner/suite.ts";
import type { PlanRequirement } from "./plan-requirements.ts";
import { parametersOf, previousValues, updateBodyFor } from "./request-bodies.ts";
import { parametersFor } from "../runner/parameters.ts";

/** A plan of the same offering that an instance can be changed to, where that is offered. */
export function otherPlan(offer: Offer): Offer | undefined {
  const plan = offer.service.plans.find((each) => each.id !== offer.plan.id);
  return plan === undefined ? undefined : { service: offer.service, plan };
}

/** A change that can be asked of an instance of this plan. */
export interface Change {
  readonly words: string;
  readonly body: JsonObject;
  readonly planId?: string;
  readonly parameters?: JsonObject;
}

/** Parameters for an update: those of drydock.yml, else others than those of the provision that a published schema accepts. */
function updateParameters(run: RunContext, offer: Offer): JsonObject | undefined {
  const given = parametersFor(run.file, offer, "update");
  const schema = schemaOf(offer, "update");
  return given ?? (schema && differentFrom(schema, parametersOf(run, offer, "provision") ?? {}));
}

/** The changes that an offer declares to support, the least invasive first. */
export function changesOf(run: RunContext, offer: Offer): readonly Change[] {
  const parameters = updateParameters(run, offer);
  const version = run.minor >= 15 ? maintenanceVersion(offer) : undefined;
  const other = isPlanUpdateable(offer) ? otherPlan(offer) : undefined;
  const previous = { previous_values: previousValues(run, offer) };
  const bodyFor = (change: JsonObject) => updateBodyFor(run, offer, change);
  return [
    ...(parameters === undefined ? [] : [{ words: "other parameters", body: bodyFor({ parameters }), parameters }]),
    ...(other === undefined
      ? []
      : [
          {
            words: `plan ${other.plan.name}`,
            body: bodyFor({ plan_id: other.plan.id, ...previous }),
            planId: other.plan.id,
          },
        ]),
    ...(version === undefined
      ? []
      : [{ words: "maintenance", body: bodyFor({ maintenance_info: { version }, ...previous }) }]),
  ];
}

/** Whether the catalog says that instances of an offer can be changed in some way. */
export const isUpdatable =
  (run: RunContext) =>
  (offer: Offer): boolean =>
    allowsContextUpdates(offer) || changesOf(run, offer).length > 0;

/** Whether the catalog says of any plan under test that its instances can be changed. */
export const areUpdatesOffered = (run: RunContext): boolean => run.offers.some(isUpdatable(run));

/** A plan with at least one change to ask for. */
export function updatablePlan(run: RunContext): PlanRequirement {
  return {
    unmet: "no update can be formed: no plan change, update schema or maintenance_info is offered",
    fits: (offer) => changesOf(run, offer).length > 0,
  };
}
