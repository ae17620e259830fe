import { type Json, isArray, isObject, type JsonObject, stringOf } from "./http/json.ts";

/** The readable part of a plan; `raw` is the whole of it, as in the catalog. */
interface Plan {
  readonly id: string;
  readonly name: string;
  readonly raw: JsonObject;
}

/** The readable part of a service offering; `raw` is the whole of it, as in the catalog. */
export interface Service {
  readonly id: string;
  readonly name: string;
  readonly raw: JsonObject;
  readonly plans: readonly Plan[];
}

/** A plan with its offering: the subject of a request. */
export interface Offer {
  readonly service: Service;
  readonly plan: Plan;
}

function objects(value: Json | undefined): JsonObject[] {
  return isArray(value) ? value.filter(isObject) : [];
}

/**
 * Reads a catalog leniently, because the checks judge whether it is right. Entries without an id can't be
 * ordered and are left out.
 */
export function readCatalog(json: Json | undefined): readonly Service[] {
  const services = objects(isObject(json) ? json["services"] : undefined);
  return services
    .map((raw) => ({ ...identityOf(raw), raw, plans: plansOf(raw) }))
    .filter((service) => service.id !== "");
}

function plansOf(service: JsonObject): Plan[] {
  return objects(service["plans"])
    .map((raw) => ({ ...identityOf(raw), raw }))
    .filter((plan) => plan.id !== "");
}

function identityOf(raw: JsonObject): { id: string; name: string } {
  const id = stringOf(raw["id"]) ?? "";
  return { id, name: stringOf(raw["name"]) ?? id };
}

/** Every plan with its offering, in the order of the catalog. */
export function offersOf(services: readonly Service[]): Offer[] {
  return services.flatMap((service) => service.plans.map((plan) => ({ service, plan })));
}

/** A flag of the plan, which wins over the offering's. */
function effective(offer: Offer, name: string): boolean {
  const own = offer.plan.raw[name];
  return (typeof own === "boolean" ? own : offer.service.raw[name]) === true;
}

/** Whether instances of the plan can be bound: the plan's `bindable`, otherwise the offering's. */
export const isBindable = (offer: Offer): boolean => effective(offer, "bindable");
/** Whether an instance can change to another plan: the plan's `plan_updateable`, otherwise the offering's. */
export const isPlanUpdateable = (offer: Offer): boolean => effective(offer, "plan_updateable");
/** Whether bindings can be rotated (`binding_rotatable`, since 2.17). */
export const isRotatable = (offer: Offer): boolean => offer.plan.raw["binding_rotatable"] === true;
/** Whether instances can be fetched (`instances_retrievable`, since 2.14). */
export const areInstancesRetrievable = (offer: Offer): boolean => offer.service.raw["instances_retrievable"] === true;
/** Whether bindings can be fetched (`bindings_retrievable`, since 2.14). */
export const areBindingsRetrievable = (offer: Offer): boolean => offer.service.raw["bindings_retrievable"] === true;
/** Whether an update may change nothing but the context (`allow_context_updates`, since 2.15). */
export const allowsContextUpdates = (offer: Offer): boolean => offer.service.raw["allow_context_updates"] === true;

/** Whether the offering asks for a permission, such as `route_forwarding`. */
export function requires(offer: Offer, permission: string): boolean {
  const list = offer.service.raw["requires"];
  return isArray(list) && list.includes(permission);
}

/** The version of the plan's maintenance_info, or undefined. */
export function maintenanceVersion(offer: Offer): string | undefined {
  const info = offer.plan.raw["maintenance_info"];
  return isObject(info) ? stringOf(info["version"]) : undefined;
}

/** The requests for which a plan can publish a schema. */
export type SchemaUse = "create" | "update" | "bind";

/** The JSON schema that a plan publishes for the parameters of a request. */
export function schemaOf(offer: Offer, use: SchemaUse): JsonObject | undefined {
  const schemas = offer.plan.raw["schemas"];
  if (!isObject(schemas)) return undefined;
  const owner = schemas[use === "bind" ? "service_binding" : "service_instance"];
  const holder = isObject(owner) ? owner[use === "update" ? "update" : "create"] : undefined;
  const schema = isObject(holder) ? holder["parameters"] : undefined;
  return isObject(schema) ? schema : undefined;
}

/** In seconds; undefined if the plan sets no limit. */
export function maximumPollingSeconds(offer: Offer): number | undefined {
  const value = offer.plan.raw["maximum_polling_duration"];
  return typeof value === "number" && value > 0 ? value : undefined;
}
