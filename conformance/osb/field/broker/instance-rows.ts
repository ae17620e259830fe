import { isPlanUpdateable } from "../../../client/catalog.ts";
import type { Facts } from "./facts.ts";
import { isIncomplete, isMismatched, isUnfit } from "./requests.ts";
import {
  always,
  ERRORS,
  exists,
  isBusy,
  isGone,
  isMadeOf,
  isMalformed,
  isStale,
  isUnder,
  needsTime,
  needsTimeToBegin,
  neverWas,
  row,
  takesTime,
} from "./rows.ts";

const { bad, bound, busy, conflict, full, needsAsync, planChange, stale, unknown } = ERRORS;

const isOfAnotherService = ({ offer, thing }: Facts): boolean =>
  offer === undefined || offer.service.id !== thing?.serviceId;
const isUnsupported = ({ offer, instance }: Facts): boolean =>
  offer !== undefined && offer.plan.id !== instance?.planId && !isPlanUpdateable(offer);
const isUpdateAgain = ({ thing, request }: Facts): boolean =>
  isUnder(thing, "update") && thing?.work?.text === request.text;

/** spec.md, "Provisioning". */
export const PROVISION = [
  row("provision: malformed", isMalformed, 400, bad),
  row("provision: incomplete", isIncomplete, 400, bad),
  row("provision: unknown plan", ({ offer }) => offer === undefined, 400, bad),
  row("provision: unfit parameters", isUnfit("create"), 400, bad),
  row("provision: stale maintenance", isStale, 422, stale),
  row("provision: needs async", needsTimeToBegin, 422, needsAsync),
  row("provision: conflict in progress", (it) => isUnder(it.thing, "provision") && !isMadeOf(it), 409, conflict),
  row("provision: again in progress", ({ thing }) => isUnder(thing, "provision"), 202, "work"),
  row("provision: busy", ({ thing }) => exists(thing) && isBusy(thing), 422, busy),
  row("provision: conflict", (it) => exists(it.thing) && !isMadeOf(it), 409, conflict),
  row("provision: again", ({ thing }) => exists(thing), 200, "view"),
  row("provision: full", ({ isFull }) => isFull, 422, full),
  row("provision: begun", takesTime, 202, "work", "in time"),
  row("provision: done", always, 201, "view", "at once"),
] as const;

/** spec.md, "Updating a Service Instance". */
export const UPDATE = [
  row("update: malformed", isMalformed, 400, bad),
  row("update: incomplete", isIncomplete, 400, bad),
  row("update: unknown instance", ({ thing }) => !exists(thing), 404, unknown),
  row("update: unknown plan", isOfAnotherService, 400, bad),
  row("update: unfit parameters", isUnfit("update"), 400, bad),
  row("update: stale maintenance", isStale, 422, stale),
  row("update: unsupported", isUnsupported, 422, planChange),
  row("update: needs async", needsTime, 422, needsAsync),
  row("update: again in progress", isUpdateAgain, 202, "work"),
  row("update: busy", ({ thing }) => isBusy(thing), 422, busy),
  row("update: begun", takesTime, 202, "work", "in time"),
  row("update: done", always, 200, "nothing", "at once"),
] as const;

/** spec.md, "Deprovisioning". */
export const DEPROVISION = [
  row("deprovision: incomplete", isIncomplete, 400, bad),
  row("deprovision: never was", neverWas, 410, "nothing"),
  row("deprovision: gone", isGone, 410, "nothing"),
  row("deprovision: mismatched", isMismatched, 400, bad),
  row("deprovision: needs async", needsTime, 422, needsAsync),
  row("deprovision: again in progress", ({ thing }) => isUnder(thing, "deprovision"), 202, "work"),
  row("deprovision: busy", ({ thing }) => isBusy(thing), 422, busy),
  row("deprovision: bound", ({ bindings }) => bindings.some(exists), 400, bound),
  row("deprovision: begun", takesTime, 202, "work", "in time"),
  row("deprovision: done", always, 200, "nothing", "at once"),
] as const;

/** spec.md, "Fetching a Service Instance". */
export const FETCH_INSTANCE = [
  row(
    "fetch-instance: unknown",
    ({ thing }) => thing?.state !== "there" && thing?.state !== "being made",
    404,
    unknown,
  ),
  row("fetch-instance: being made", ({ thing }) => thing?.state === "being made", 404, unknown),
  row("fetch-instance: updating", ({ thing }) => isUnder(thing, "update"), 422, busy),
  row("fetch-instance: found", always, 200, "view"),
] as const;
