import { isBindable } from "../../../client/catalog.ts";
import { isIncomplete, isMismatched, isUnfit } from "./requests.ts";
import {
  always,
  ERRORS,
  exists,
  isBusy,
  isGone,
  isMadeOf,
  isMalformed,
  isUnder,
  lacksApp,
  needsTime,
  needsTimeToBegin,
  neverWas,
  row,
  takesTime,
} from "./rows.ts";

const { bad, busy, conflict, needsApp, needsAsync, unknown } = ERRORS;

/** spec.md, "Binding". */
export const BIND = [
  row("bind: malformed", isMalformed, 400, bad),
  row("bind: incomplete", isIncomplete, 400, bad),
  row("bind: unknown instance", ({ instance }) => !exists(instance), 404, unknown),
  row("bind: unknown plan", ({ offer }) => offer === undefined, 400, bad),
  row("bind: of another plan", ({ named, instance }) => named.plan !== instance?.planId, 400, bad),
  row("bind: not bindable", ({ offer }) => offer !== undefined && !isBindable(offer), 400, bad),
  row("bind: unfit parameters", isUnfit("bind"), 400, bad),
  row("bind: without app", lacksApp, 422, needsApp),
  row("bind: needs async", needsTimeToBegin, 422, needsAsync),
  row("bind: conflict in progress", (it) => isUnder(it.thing, "bind") && !isMadeOf(it), 409, conflict),
  row("bind: again in progress", ({ thing }) => isUnder(thing, "bind"), 202, "work"),
  row("bind: busy", ({ thing, instance }) => isBusy(instance) || (exists(thing) && isBusy(thing)), 422, busy),
  row("bind: conflict", (it) => exists(it.thing) && !isMadeOf(it), 409, conflict),
  row("bind: again", ({ thing }) => exists(thing), 200, "view"),
  row("bind: begun", takesTime, 202, "work", "in time"),
  row("bind: done", always, 201, "view", "at once"),
] as const;

/** spec.md, "Unbinding". */
export const UNBIND = [
  row("unbind: incomplete", isIncomplete, 400, bad),
  row("unbind: never was", neverWas, 410, "nothing"),
  row("unbind: gone", isGone, 410, "nothing"),
  row("unbind: mismatched", isMismatched, 400, bad),
  row("unbind: needs async", needsTime, 422, needsAsync),
  row("unbind: again in progress", ({ thing }) => isUnder(thing, "unbind"), 202, "work"),
  row("unbind: busy", ({ thing, instance }) => isBusy(thing) || isBusy(instance), 422, busy),
  row("unbind: begun", takesTime, 202, "work", "in time"),
  row("unbind: done", always, 200, "nothing", "at once"),
] as const;

/** spec.md, "Fetching a Service Binding". */
export const FETCH_BINDING = [
  row("fetch-binding: unknown", ({ thing }) => thing?.state !== "there" && thing?.state !== "being made", 404, unknown),
  row("fetch-binding: being made", ({ thing }) => thing?.state === "being made", 404, unknown),
  row("fetch-binding: found", always, 200, "view"),
] as const;
