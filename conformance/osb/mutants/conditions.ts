import { isObject, type JsonObject, parseJson } from "../../client/http/json.ts";
import {
  maintenanceVersion,
  type Offer,
  offersOf,
  readCatalog,
  requires,
  schemaOf,
  type SchemaUse,
} from "../../client/catalog.ts";
import { compileSchema } from "../../client/schema.ts";
import type { WireRequest } from "../memory-broker/http.ts";
import type { When } from "./middleware.ts";
import { keyOf, sentOf } from "./operations.ts";
import type { TrafficMemory } from "./traffic.ts";

/** The opposite. */
export const not =
  (when: When): When =>
  (request, memory) =>
    !when(request, memory);

/** All of these hold; those after the first that does not are not asked. */
export const all =
  (...conditions: readonly When[]): When =>
  (request, memory) =>
    conditions.every((when) => when(request, memory));

const isFilled = (value: unknown): boolean => value !== undefined && value !== "";

/** The body has this member, and it is not empty. */
export const sends =
  (member: string): When =>
  (request) =>
    isFilled(sentOf(request)[member]);
/** The body has no such member, or an empty one. */
export const lacks = (member: string): When => not(sends(member));

/** The query has this parameter, and it is not empty. */
export const asks =
  (name: string): When =>
  ({ query }) =>
    isFilled(query[name]);
/** The platform does not say that it can wait. */
export const isUnflagged: When = not(asks("accepts_incomplete"));

/** The credentials are those that the broker accepted. */
export const isAuthorized: When = ({ headers }, { authorization }) => headers["authorization"] === authorization;

/** The instance that a request is about, also when it is about a binding of it. */
export const instanceKeyOf = ({ path }: WireRequest): string => path.slice(0, 3).join("/");

const hasPending =
  (key: (request: WireRequest) => string, method: string): When =>
  (request, memory) =>
    memory.pending.get(key(request))?.method === method;

/** What the request is about is being made, changed, removed. */
export const isCreating = hasPending(keyOf, "PUT");
/** What the request is about is being changed. */
export const isUpdating = hasPending(keyOf, "PATCH");
/** What the request is about is being removed. */
export const isRemoving = hasPending(keyOf, "DELETE");
/** An operation is in progress on the request's subject. */
export const isPending: When = (request, memory) => memory.pending.has(keyOf(request));
/** The instance is being made, whatever the request is about. */
export const isInstanceCreating = hasPending(instanceKeyOf, "PUT");

/** What the request is about has been made, also if it is gone since. */
export const isKnown: When = (request, memory) => memory.known.has(keyOf(request));
/** What the request is about has been removed. */
export const isGone: When = (request, memory) => memory.gone.has(keyOf(request));
/** The instance has been made, whatever the request is about. */
export const isInstanceKnown: When = (request, memory) => memory.known.has(instanceKeyOf(request));

/** The plan that a request names where the catalog has it, or that its instance was asked for. */
export function offerOf(request: WireRequest, { catalog, asked }: TrafficMemory): Offer | undefined {
  const created = asked.get(keyOf(request)) ?? asked.get(instanceKeyOf(request));
  const named = [sentOf(request)["plan_id"], request.query["plan_id"], created?.["plan_id"]];
  const offers = offersOf(readCatalog(catalog));
  return named.map((id) => offers.find(({ plan }) => plan.id === id)).find((offer) => offer !== undefined);
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

/** The body is not a JSON object. */
export const isNotJson: When = ({ text }) => {
  const parsed = parseJson(Buffer.from(text));
  return !("json" in parsed && isObject(parsed.json));
};

/** The maintenance_info of a request, as a condition. */
export const hasMaintenance =
  (fits: (info: JsonObject, version: string | undefined) => boolean): When =>
  (request, memory) => {
    const info = sentOf(request)["maintenance_info"];
    const offer = offerOf(request, memory);
    return isObject(info) && offer !== undefined && fits(info, maintenanceVersion(offer));
  };

/** The maintenance version is not the one of the catalog. */
export const hasOtherVersion = hasMaintenance((info, version) => info["version"] !== version);

/** The parameters are an object that the published schema accepts, and there are some. */
export const hasFitting =
  (use: SchemaUse): When =>
  (request, memory) => {
    const { parameters } = sentOf(request);
    return isObject(parameters) && Object.keys(parameters).length > 0 && acceptsParameters(use, request, memory);
  };

/** The parameters are there, and the published schema does not accept them. */
export const hasUnfitting =
  (use: SchemaUse): When =>
  (request, memory) =>
    sentOf(request)["parameters"] !== undefined && !acceptsParameters(use, request, memory);

function acceptsParameters(use: SchemaUse, request: WireRequest, memory: TrafficMemory): boolean {
  const offer = offerOf(request, memory);
  const schema = offer === undefined ? undefined : schemaOf(offer, use);
  const compiled = schema === undefined ? undefined : compileSchema(schema);
  return compiled?.kind !== "valid" || compiled.accepts(sentOf(request)["parameters"] ?? {});
}

/** The body contains this text. */
export const says =
  (word: string): When =>
  (request) =>
    request.text.includes(word);

/** The request has this header; its name in lower case. */
export const sendsHeader =
  (name: string): When =>
  ({ headers }) =>
    headers[name] !== undefined;

/** The request spells a header exactly so. */
export const spells =
  (name: string): When =>
  ({ headerNames }) =>
    headerNames.includes(name);

/** An object in the body has this member. */
export const hasInside =
  (owner: string, member: string): When =>
  (request) => {
    const inside = sentOf(request)[owner];
    return isObject(inside) && inside[member] !== undefined;
  };
