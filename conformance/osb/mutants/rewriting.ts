import type { JsonObject } from "../../http/json.ts";
import { offersOf, readCatalog } from "../../platform/catalog.ts";
import { type Memory, sentOf } from "./mutant.ts";
import type { WireRequest } from "./wire.ts";

// Requests as a mutant hands them on.

/** The request with another body. */
export const resent = (request: WireRequest, body: JsonObject): WireRequest => ({
  ...request,
  text: JSON.stringify(body),
});

/** The request without a member of its body. */
export const without = (request: WireRequest, member: string): WireRequest =>
  resent(request, Object.fromEntries(Object.entries(sentOf(request)).filter(([name]) => name !== member)));

const firstPlan = ({ catalog }: Memory): JsonObject => {
  const [offer] = offersOf(readCatalog(catalog));
  return { service_id: offer?.service.id ?? "", plan_id: offer?.plan.id ?? "" };
};

/** Fills in a member from the first plan of the catalog. */
export const filled =
  (member: "service_id" | "plan_id") =>
  (request: WireRequest, memory: Memory): WireRequest =>
    resent(request, { ...sentOf(request), [member]: firstPlan(memory)[member] ?? "" });
