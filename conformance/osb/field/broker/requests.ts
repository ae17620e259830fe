import { type SchemaUse, schemaOf } from "../../../client/catalog.ts";
import { isObject, type Json, type JsonObject } from "../../../client/http/json.ts";
import { compileSchema } from "../../../client/schema.ts";
import type { Facts } from "./facts.ts";

const STRINGS = ["service_id", "plan_id", "organization_guid", "space_guid", "app_guid", "predecessor_binding_id"];
const OBJECTS = ["context", "parameters", "bind_resource", "previous_values", "maintenance_info"];

/** Whether a member of a body has another JSON type than the specification gives it. `null` counts as left out. */
export function hasWrongType(body: JsonObject): boolean {
  const isWrong = (names: readonly string[], fits: (value: Json) => boolean) =>
    names.some((name) => body[name] !== undefined && body[name] !== null && !fits(body[name]));
  return isWrong(STRINGS, (value) => typeof value === "string") || isWrong(OBJECTS, isObject);
}

const isMissing = (id: Json | undefined): boolean => id === undefined || id === null || id === "";

/** Whether a mandatory id is missing or empty; an update needs no plan. */
export function isIncomplete({ operation, named }: Facts): boolean {
  return isMissing(named.service) || (isMissing(named.plan) && !(operation === "update" && named.plan === undefined));
}

/** Whether a deletion names another service or plan than its instance has. */
export function isMismatched({ named, instance }: Facts): boolean {
  return instance === undefined || named.service !== instance.serviceId || named.plan !== instance.planId;
}

/** Whether the parameters of a body violate their schema in the catalog. */
export function isUnfit(use: SchemaUse): (facts: Facts) => boolean {
  return ({ body, offer }) => {
    const schema = offer === undefined ? undefined : schemaOf(offer, use);
    const parameters = body?.["parameters"];
    if (schema === undefined || !isObject(parameters)) return false;
    const compiled = compileSchema(schema);
    return compiled.kind === "valid" && !compiled.accepts(parameters);
  };
}
