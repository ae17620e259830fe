import { isArray, isObject, type Json, type JsonObject } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import { offersOf, readCatalog, type SchemaUse } from "../../client/catalog.ts";
import type { WireRequest } from "../memory-broker/http.ts";
import { body } from "./changes.ts";
import { all, hasUnfitting } from "./conditions.ts";
import { alter, rewrite } from "./middleware.ts";
import { sentOf } from "./operations.ts";
import type { TrafficMemory, Middleware } from "./traffic.ts";

// Requests as a mutant hands them on.

/** The request with another body. */
export const withBody = (request: WireRequest, body: JsonObject): WireRequest => ({
  ...request,
  text: JSON.stringify(body),
});

/** The request without a member of its body. */
export const withoutMember = (request: WireRequest, member: string): WireRequest =>
  withBody(request, Object.fromEntries(Object.entries(sentOf(request)).filter(([name]) => name !== member)));

const firstPlan = ({ catalog }: TrafficMemory): JsonObject => {
  const [offer] = offersOf(readCatalog(catalog));
  return { service_id: offer?.service.id ?? "", plan_id: offer?.plan.id ?? "" };
};

/** Fills in a member from the first plan of the catalog. */
export const fillIn =
  (member: "service_id" | "plan_id") =>
  (request: WireRequest, memory: TrafficMemory): WireRequest =>
    withBody(request, { ...sentOf(request), [member]: firstPlan(memory)[member] ?? "" });

/** Passes over parameters that are an object and do not fit the schema of this use. */
export const ignoreUnfitting = (operations: readonly Operation[], use: SchemaUse): Middleware =>
  rewrite(
    operations,
    all((request) => isObject(sentOf(request)["parameters"]), hasUnfitting(use)),
    (request) => withoutMember(request, "parameters"),
  );

/** The request of a platform that says that it can wait. */
export const addFlag = (request: WireRequest): WireRequest => ({
  ...request,
  query: { ...request.query, accepts_incomplete: "true" },
});

/** The catalog publishes no schema for parameters. */
export const withoutSchemas: Middleware = alter(
  ["catalog"],
  (status) => status === 200,
  body((catalog) => withoutMembers(catalog, "schemas")),
);

/** An object without a member, wherever it occurs in its offerings and plans. */
function withoutMembers(value: JsonObject, name: string): JsonObject {
  const strip = (item: Json): Json => {
    if (isArray(item)) return item.map(strip);
    return isObject(item) ? withoutMembers(item, name) : item;
  };
  const kept = Object.entries(value).filter(([member]) => member !== name);
  return Object.fromEntries(kept.map(([member, item]) => [member, strip(item)] as const));
}
