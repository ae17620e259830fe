import type { Operation } from "../../client/answer.ts";
import { isObject, type JsonObject } from "../../client/http/json.ts";
import { offersOf, readCatalog, type SchemaUse } from "../../client/catalog.ts";
import { type Memory, type Middleware, rewrite, sentOf } from "./mutant.ts";
import { all, hasUnfitting } from "./when.ts";
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

/** Passes over parameters that are an object and do not fit the schema of this use. */
export const passingOver = (operations: readonly Operation[], use: SchemaUse): Middleware =>
  rewrite(
    operations,
    all((request) => isObject(sentOf(request)["parameters"]), hasUnfitting(use)),
    (request) => without(request, "parameters"),
  );
