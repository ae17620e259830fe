import type { OsbContext, PlanRequirement } from "./context.ts";
import { type Offer, schemaOf } from "../platform/catalog.ts";
import { minimalFor, violationOf } from "../platform/schema.ts";

/** A plan with a schema that refuses something; the parameters that it refuses. */
export function planWithViolation(
  context: OsbContext,
  use: "create" | "update" | "bind",
  ...wants: readonly PlanRequirement[]
) {
  const violates = (offer: Offer) => {
    const schema = schemaOf(offer, use);
    return schema === undefined ? undefined : violationOf(schema, minimalFor(schema) ?? {});
  };
  const words = `no plan publishes a schema for ${use} that refuses anything`;
  const offer = context.offer(...wants, { unmet: words, fits: (each) => violates(each) !== undefined });
  return { offer, parameters: violates(offer) ?? {} };
}
