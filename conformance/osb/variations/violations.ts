import type { JsonObject } from "../../client/http/json.ts";
import { type Offer, schemaOf, type SchemaUse } from "../../client/catalog.ts";
import { minimalFor, violationOf } from "../../client/schema.ts";
import type { PlanRequirement } from "../plan-requirements.ts";

/** Parameters that the schema of a plan refuses; undefined if it publishes none, or one that admits everything. */
export function violatingParameters(offer: Offer, use: SchemaUse): JsonObject | undefined {
  const schema = schemaOf(offer, use);
  return schema === undefined ? undefined : violationOf(schema, minimalFor(schema) ?? {});
}

/** A plan with a schema that refuses something. */
export const withStrictSchema = (use: SchemaUse): PlanRequirement => ({
  unmet: `no plan publishes a schema for ${use} that refuses anything`,
  fits: (offer) => violatingParameters(offer, use) !== undefined,
});
