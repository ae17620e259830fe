import type { Operation } from "../../../client/answer.ts";
import { offersOf, type Offer, readCatalog } from "../../../client/catalog.ts";
import { isObject, type Json, type JsonObject, parseJson, stringOf } from "../../../client/http/json.ts";
import type { WireRequest } from "../../memory-broker/http.ts";
import type { Change, Thing, Things } from "./things.ts";

/** Everything that an answer can depend on. */
export interface Facts {
  readonly request: WireRequest;
  /** How many requests came before this one. */
  readonly nth: number;
  /** Undefined for a route that the API does not have. */
  readonly operation: Operation | undefined;
  /** 17 for 2.17: the version that the request names, or the newest. */
  readonly minor: number;
  /** Undefined if the body is not a JSON object. */
  readonly body: JsonObject | undefined;
  /** `service_id` and `plan_id` as sent: in the body, or in the query of a deletion. */
  readonly named: { readonly service: Json | undefined; readonly plan: Json | undefined };
  /** The plan that the request names, if the catalog has it. */
  readonly offer: Offer | undefined;
  readonly instance: Thing | undefined;
  /** The binding, or the instance if the request is about one. */
  readonly thing: Thing | undefined;
  readonly path: { readonly instance: string; readonly thing: string };
  readonly bindings: readonly Thing[];
  /** Whether there is no room for another instance. */
  readonly isFull: boolean;
  /** Whether the requested change takes time. */
  readonly takesTime: boolean;
  /** Whether the platform allows that. */
  readonly mayTakeTime: boolean;
}

const CHANGES: readonly Operation[] = ["provision", "update", "deprovision", "bind", "unbind"];

/** Whether an operation changes something. */
export const isChange = (operation: Operation | undefined): operation is Change =>
  operation !== undefined && CHANGES.includes(operation);

const OF_INSTANCES: Readonly<Record<string, Operation>> = {
  PUT: "provision",
  PATCH: "update",
  DELETE: "deprovision",
  GET: "fetch-instance",
};
const OF_BINDINGS: Readonly<Record<string, Operation>> = { PUT: "bind", DELETE: "unbind", GET: "fetch-binding" };

function operationOf({ method, path }: WireRequest): Operation | undefined {
  const [version, kind, , sub, , leaf] = path;
  if (version !== "v2") return undefined;
  if (kind === "catalog") return method === "GET" ? "catalog" : undefined;
  if (kind !== "service_instances") return undefined;
  if (sub === undefined) return OF_INSTANCES[method];
  if (sub === "last_operation") return method === "GET" ? "poll-instance" : undefined;
  if (sub !== "service_bindings") return undefined;
  if (leaf === "last_operation") return method === "GET" ? "poll-binding" : undefined;
  return OF_BINDINGS[method];
}

function objectOf({ text }: WireRequest): JsonObject | undefined {
  const parsed = parseJson(Buffer.from(text));
  return "json" in parsed && isObject(parsed.json) ? parsed.json : undefined;
}

/** What a broker can and cannot do. */
interface Limits {
  readonly catalog: JsonObject;
  readonly asynchronous: readonly Change[];
  /** How many instances there may be. */
  readonly room: number;
  /** How many requests came before this one. */
  readonly nth: number;
}

/** What a broker with these limits knows of a request. */
export function factsOf(request: WireRequest, things: Things, { catalog, asynchronous, room, nth }: Limits): Facts {
  const operation = operationOf(request);
  const minor = Number(/^2\.(\d+)$/.exec(request.headers["x-broker-api-version"] ?? "")?.[1] ?? "17");
  const body = objectOf(request);
  const source = request.method === "DELETE" ? request.query : (body ?? {});
  const named = { service: source["service_id"], plan: source["plan_id"] };
  const path = { instance: request.path.slice(0, 3).join("/"), thing: request.path.slice(0, 5).join("/") };
  if (request.path[3] === "last_operation") path.thing = path.instance;
  const instance = things.find(path.instance);
  const planId = operation === "update" ? (named.plan ?? instance?.planId) : named.plan;
  const isBinding = operation === "bind" || operation === "unbind";
  return {
    request,
    nth,
    operation,
    minor,
    body,
    named,
    offer: offersOf(readCatalog(catalog)).find(
      ({ service, plan }) => service.id === stringOf(named.service) && plan.id === stringOf(planId),
    ),
    instance,
    thing: things.find(path.thing),
    path,
    bindings: things.under(path.instance),
    isFull: room !== Number.POSITIVE_INFINITY && things.countInstances() >= room,
    takesTime: isChange(operation) && asynchronous.includes(operation) && (!isBinding || minor >= 14),
    mayTakeTime: request.query["accepts_incomplete"] === "true",
  };
}
