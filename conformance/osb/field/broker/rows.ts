import { maintenanceVersion } from "../../../client/catalog.ts";
import { isObject, type JsonObject, sameJson } from "../../../client/http/json.ts";
import type { Facts } from "./facts.ts";
import { hasWrongType } from "./requests.ts";
import type { Change, Thing } from "./things.ts";

/** An error body. */
interface ErrorBody {
  readonly error: string;
  readonly description: string;
}

/** What the plain broker does in one situation: the first row of an operation that fits answers. */
export interface Row<S extends string = string> {
  readonly situation: S;
  readonly when: (facts: Facts) => boolean;
  readonly status: number;
  /** `view`: the thing as the API shows it; `work`: its operation; `state`: the state of that operation; `nothing`: `{}`; else an error. */
  readonly says: "view" | "work" | "state" | "nothing" | ErrorBody;
  /** Whether the request is carried out, and when. */
  readonly does: "nothing" | "at once" | "in time";
}

/** One row. */
export function row<S extends string>(
  situation: S,
  when: Row["when"],
  status: number,
  says: Row["says"],
  does: Row["does"] = "nothing",
): Row<S> {
  return { situation, when, status, says, does };
}

const error = (code: string, description: string): ErrorBody => ({ error: code, description });

/** The refusals of the plain broker. */
export const ERRORS = {
  bad: error("BadRequest", "The request cannot be understood."),
  needsAsync: error("AsyncRequired", "This plan needs accepts_incomplete=true."),
  busy: error("ConcurrencyError", "Another operation is in progress."),
  conflict: error("Conflict", "The id is used with other attributes."),
  unknown: error("NotFound", "There is no such thing."),
  stale: error("MaintenanceInfoConflict", "The catalog has another maintenance version."),
  planChange: error("PlanChange", "The plan cannot be changed to that one."),
  needsApp: error("RequiresApp", "Bind an application."),
  bound: error("Bound", "Unbind first."),
  full: error("QuotaExceeded", "instance limit for this service has been reached"),
} as const;

/** Whether a thing exists, or will exist. */
export const exists = (thing: Thing | undefined): thing is Thing =>
  thing !== undefined && (thing.state === "there" || thing.state === "being made");

/** Whether one of these changes is in progress on a thing. */
export const isUnder = (thing: Thing | undefined, ...changes: readonly Change[]): boolean =>
  thing?.work !== undefined && changes.includes(thing.work.change);

/** Whether anything is in progress on a thing. */
export const isBusy = (thing: Thing | undefined): boolean => thing?.work !== undefined;

/** Whether a creation asks for exactly what the thing already is. */
export const isMadeOf = ({ thing, named, body = {} }: Facts): boolean =>
  thing !== undefined &&
  thing.serviceId === named.service &&
  thing.planId === named.plan &&
  sameJson(thing.parameters, body["parameters"] ?? {}) &&
  (!("bind_resource" in body) || sameJson(thing.bindResource, body["bind_resource"]));

/** Any request. */
export const always = (): boolean => true;
/** Whether the thing existed and is gone. */
export const isGone = ({ thing }: Facts): boolean => thing?.state === "gone";
/** Whether the thing never existed. */
export const neverWas = ({ thing }: Facts): boolean => thing === undefined;
/** Whether a body is not a JSON object, or has a member of the wrong type. */
export const isMalformed = ({ body }: Facts): boolean => body === undefined || hasWrongType(body);
/** Whether the requested change takes time. */
export const takesTime = (facts: Facts): boolean => facts.takesTime;
/** Whether it takes time and the platform does not allow that. */
export const needsTime = ({ takesTime: takes, mayTakeTime }: Facts): boolean => takes && !mayTakeTime;
/** A creation that takes time, and whose thing does not exist yet. */
export const needsTimeToBegin = (facts: Facts): boolean => needsTime(facts) && facts.thing?.state !== "there";

/** Whether a body names another maintenance version than the catalog. */
export function isStale({ body = {}, offer }: Facts): boolean {
  const info = body["maintenance_info"];
  if (!isObject(info) || info["version"] === undefined || offer === undefined) return false;
  return info["version"] !== maintenanceVersion(offer);
}

/** Whether a bind names no application in the place where platforms put it. */
export function lacksApp({ body = {} }: Facts): boolean {
  const resource: JsonObject = isObject(body["bind_resource"]) ? body["bind_resource"] : {};
  return body["app_guid"] === undefined && resource["app_guid"] === undefined;
}
