import { isObject, type JsonObject } from "../../client/http/json.ts";
import { maintenanceVersion, type Offer, offersOf, readCatalog, requires, schemaOf, type SchemaUse } from "../../client/catalog.ts";
import { compileSchema } from "../../client/schema.ts";
import { keyOf, type Memory, sentOf, type When } from "./mutant.ts";
import type { WireRequest } from "./wire.ts";

// When a defect shows: conditions on a request, and on what was asked before.

export const not =
  (when: When): When =>
  (request, memory) =>
    !when(request, memory);

export const all =
  (...conditions: readonly When[]): When =>
  (request, memory) =>
    conditions.every((when) => when(request, memory));

const isFilled = (value: unknown): boolean => value !== undefined && value !== "";

export const sends =
  (member: string): When =>
  (request) =>
    isFilled(sentOf(request)[member]);
export const lacks = (member: string): When => not(sends(member));

export const asks =
  (name: string): When =>
  ({ query }) =>
    isFilled(query[name]);
export const isUnflagged: When = not(asks("accepts_incomplete"));

export const isAuthorized: When = ({ headers }, { authorization }) => headers["authorization"] === authorization;

/** The instance that a request is about, also when it is about a binding of it. */
export const instanceKeyOf = ({ path }: WireRequest): string => path.slice(0, 3).join("/");

const runs =
  (key: (request: WireRequest) => string, method: string): When =>
  (request, memory) =>
    memory.pending.get(key(request))?.method === method;

/** What the request is about is being made, changed, removed. */
export const isCreating = runs(keyOf, "PUT");
export const isUpdating = runs(keyOf, "PATCH");
export const isRemoving = runs(keyOf, "DELETE");
export const isPending: When = (request, memory) => memory.pending.has(keyOf(request));
/** The instance is being made, whatever the request is about. */
export const isInstanceCreating = runs(instanceKeyOf, "PUT");

export const isKnown: When = (request, memory) => memory.known.has(keyOf(request));
export const isGone: When = (request, memory) => memory.gone.has(keyOf(request));
export const isInstanceKnown: When = (request, memory) => memory.known.has(instanceKeyOf(request));

/** The plan that a request names, or that its instance was asked for. */
export function offerOf(request: WireRequest, { catalog, asked }: Memory): Offer | undefined {
  const created = asked.get(keyOf(request)) ?? asked.get(instanceKeyOf(request));
  const planId = sentOf(request)["plan_id"] ?? request.query["plan_id"] ?? created?.["plan_id"];
  return offersOf(readCatalog(catalog)).find(({ plan }) => plan.id === planId);
}

/** It is about a plan like this. */
export const ofPlan =
  (fits: (offer: Offer) => boolean): When =>
  (request, memory) => {
    const offer = offerOf(request, memory);
    return offer !== undefined && fits(offer);
  };

/** It is about an offering with this permission. */
export const requiring = (permission: string): When => ofPlan((offer) => requires(offer, permission));

/** Neither the first nor the last plan of an offering: few checks look at it. */
export const ofSecondPlan: When = ofPlan(({ service, plan }) => service.plans[1]?.id === plan.id);

const isUnknown =
  (member: "service_id" | "plan_id"): When =>
  (request, { catalog }) => {
    const given = sentOf(request)[member];
    const ids = offersOf(readCatalog(catalog)).map(({ service, plan }) => (member === "plan_id" ? plan : service).id);
    return typeof given === "string" && given !== "" && !ids.includes(given);
  };

/** It names an offering or a plan that there is not. */
export const hasUnknown = { service_id: isUnknown("service_id"), plan_id: isUnknown("plan_id") } as const;

export const isNotJson: When = ({ text }) => {
  try {
    return !isObject(JSON.parse(text) as JsonObject);
  } catch {
    return true;
  }
};

/** The maintenance_info of a request, as a condition. */
export const maintained =
  (fits: (info: JsonObject, version: string | undefined) => boolean): When =>
  (request, memory) => {
    const info = sentOf(request)["maintenance_info"];
    const offer = offerOf(request, memory);
    return isObject(info) && offer !== undefined && fits(info, maintenanceVersion(offer));
  };

export const hasOtherVersion = maintained((info, version) => info["version"] !== version);

/** The parameters are an object that the published schema accepts, and there are some. */
export const hasFitting =
  (use: SchemaUse): When =>
  (request, memory) => {
    const { parameters } = sentOf(request);
    return (
      parameters !== undefined && Object.keys(parameters as JsonObject).length > 0 && accepted(use, request, memory)
    );
  };

/** The parameters are there, and the published schema does not accept them. */
export const hasUnfitting =
  (use: SchemaUse): When =>
  (request, memory) =>
    sentOf(request)["parameters"] !== undefined && !accepted(use, request, memory);

function accepted(use: SchemaUse, request: WireRequest, memory: Memory): boolean {
  const offer = offerOf(request, memory);
  const schema = offer === undefined ? undefined : schemaOf(offer, use);
  const compiled = schema === undefined ? undefined : compileSchema(schema);
  return compiled?.kind !== "valid" || compiled.accepts(sentOf(request)["parameters"] ?? {});
}
