import type { JsonObject } from "../client/http/json.ts";
import { allowsContextUpdates, isPlanUpdateable, maintenanceVersion, type Offer, schemaOf } from "../client/catalog.ts";
import { differentFrom, minimalFor } from "../client/schema.ts";
import type { RunContext } from "../runner/suite.ts";
import type { PlanRequirement } from "./plan-requirements.ts";
import { parametersOf, previousValues, updateBodyFor } from "./request-bodies.ts";
import { withInvented } from "./variations/parameters.ts";
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
  /** Nothing in the catalog says that it is supported: a refusal is as right as any other answer. */
  readonly isInvented?: true;
}

/** Parameters for an update: those of drydock.yml, else some that a published schema accepts and that differ from those of the provision. */
function updateParameters(run: RunContext, offer: Offer): JsonObject | undefined {
  const given = parametersFor(run.file, offer, "update");
  const schema = schemaOf(offer, "update");
  return given ?? (schema && differentFrom(schema, parametersOf(run, offer, "provision") ?? {}));
}

/** How many other plans an instance is asked to change to, at most. */
const TARGETS_MAX = 4;

/** A change to each other plan of the offering, with the parameters that it demands. */
export function planChangesOf(run: RunContext, offer: Offer): readonly Change[] {
  const { service } = offer;
  const others = service.plans.filter(({ id }) => id !== offer.plan.id).slice(0, TARGETS_MAX);
  return others.map((plan) => {
    const parameters = updateParametersFor(run, { service, plan });
    const demanded = parameters === undefined ? {} : { parameters };
    return {
      words: `plan ${plan.name}`,
      body: bodyFor(run, offer, { plan_id: plan.id, ...demanded }),
      planId: plan.id,
    };
  });
}

/** The minimal parameters that a plan's schema demands of an update to it, if any. */
function updateParametersFor(run: RunContext, target: Offer): JsonObject | undefined {
  const schema = schemaOf(target, "update");
  const least = schema === undefined ? undefined : minimalFor(schema);
  return least !== undefined && Object.keys(least).length > 0 ? least : parametersFor(run.file, target, "update");
}

/** An update as Cloud Foundry sends it, with the previous values of the instance. */
const bodyFor = (run: RunContext, offer: Offer, change: JsonObject): JsonObject =>
  updateBodyFor(run, offer, { ...change, previous_values: previousValues(run, offer) });

/** The changes that an offer declares to support, the least invasive first. */
export function changesOf(run: RunContext, offer: Offer): readonly Change[] {
  const parameters = updateParameters(run, offer);
  const version = run.minor >= 15 ? maintenanceVersion(offer) : undefined;
  return [
    ...(parameters === undefined
      ? []
      : [{ words: "other parameters", body: bodyFor(run, offer, { parameters }), parameters }]),
    ...(isPlanUpdateable(offer) ? planChangesOf(run, offer).slice(0, 1) : []),
    ...(version === undefined
      ? []
      : [{ words: "maintenance", body: bodyFor(run, offer, { maintenance_info: { version } }) }]),
  ];
}

/** A change that any platform may ask for, though nothing says that it is supported: a parameter that no broker knows. */
export function inventedChange(run: RunContext, offer: Offer): Change {
  const parameters = withInvented(parametersOf(run, offer, "update"), "changed");
  return { words: "invented parameters", body: bodyFor(run, offer, { parameters }), parameters, isInvented: true };
}

/** Whether the catalog says that instances of an offer can be changed in some way. */
const isUpdatable =
  (run: RunContext) =>
  (offer: Offer): boolean =>
    allowsContextUpdates(offer) || changesOf(run, offer).length > 0;

/** Whether the catalog says of any plan under test that its instances can be changed. */
export const areUpdatesOffered = (run: RunContext): boolean => run.offers.some(isUpdatable(run));

/** A plan with at least one change to ask for. */
export function updatablePlan(run: RunContext): PlanRequirement {
  return {
    unmet: "the catalog offers no update: no plan change, update schema or maintenance_info",
    fits: (offer) => changesOf(run, offer).length > 0,
  };
}
