import {
  areBindingsRetrievable,
  areInstancesRetrievable,
  isBindable,
  maintenanceVersion,
  type Offer,
} from "../client/catalog.ts";

/** What a check needs of a plan. */
export interface PlanRequirement {
  /** Why the check is not applicable where no plan is like this. */
  readonly unmet: string;
  readonly fits: (offer: Offer) => boolean;
}

/** Any plan will do. */
export const ANY: PlanRequirement = { unmet: "no plan is offered", fits: () => true };

/** A plan that can be bound. */
export const BINDABLE: PlanRequirement = { unmet: "no plan is bindable", fits: isBindable };

/** A plan whose instances can be fetched. */
export const RETRIEVABLE: PlanRequirement = {
  unmet: "instances_retrievable is not true",
  fits: areInstancesRetrievable,
};

/** A plan whose bindings can be fetched. */
export const BINDING_RETRIEVABLE: PlanRequirement = {
  unmet: "bindings_retrievable is not true on a bindable plan",
  fits: (offer) => isBindable(offer) && areBindingsRetrievable(offer),
};

/** A plan with a maintenance version. */
export const MAINTAINED: PlanRequirement = {
  unmet: "no plan has maintenance_info",
  fits: (offer) => maintenanceVersion(offer) !== undefined,
};
