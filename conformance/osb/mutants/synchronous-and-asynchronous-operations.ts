import { reply } from "../memory-broker/http.ts";
import { drop, is } from "./changes.ts";
import { all, asks, instanceKeyOf, isKnown, not, isAuthorized } from "./conditions.ts";
import { alter, refuse, rewrite, type When } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { keyOf, operationOf } from "./operations.ts";
import { addFlag } from "./requests.ts";
import type { Middleware } from "./traffic.ts";

/** Whether it happens for the first time with this instance or binding. */
const isFirstTime =
  (fact: string): When =>
  (request, { facts }) => {
    const key = `${fact} ${keyOf(request)}`;
    if (facts.has(key)) return false;
    facts.set(key, true);
    return true;
  };

/** An instance can be bound once another request has named it. */
const bindLater: Middleware = async (request, next, memory) => {
  const key = `used ${instanceKeyOf(request)}`;
  const operation = operationOf(request);
  const isTooEarly = operation === "bind" && isAuthorized(request, memory) && !memory.facts.has(key);
  if (operation !== "provision" && operation !== "catalog") memory.facts.set(key, true);
  if (isTooEarly) return reply(404, { error: "NotFound", description: "There is no such instance yet." });
  return next(request);
};

/** The catalog takes its time. */
const delayCatalog: Middleware = async (request, next, memory) => {
  const response = await next(request);
  if (operationOf(request) === "catalog" && response.status === 200) memory.passMs(40_000);
  return response;
};

/** In the 202 there is only the operation, in the 201 everything. */
const bareAcceptance: Middleware = alter(["provision"], is(202), drop("dashboard_url"));

/** Planted defects for the checks of spec.md, "Synchronous and Asynchronous Operations". */
export const synchronousAndAsynchronousOperationsMutants: readonly Mutant[] = [
  mutant(
    "async-needs-accepts-incomplete",
    "Takes its time whether or not the platform can wait.",
    rewrite(["provision", "update", "deprovision", "bind", "unbind"], not(asks("accepts_incomplete")), addFlag),
    { mode: "async", also: ["*-accepts-incomplete-422"] },
  ),
  mutant(
    "async-needs-accepts-incomplete",
    "Unbinds asynchronously whether or not the platform can wait.",
    rewrite(["unbind"], not(asks("accepts_incomplete")), addFlag),
    { id: "unbinds-later-unasked", mode: "async", also: ["unbind-accepts-incomplete-422"] },
  ),
  mutant(
    "async-needs-accepts-incomplete",
    "Deprovisions asynchronously whether or not the platform can wait.",
    rewrite(["deprovision"], not(asks("accepts_incomplete")), addFlag),
    { id: "deprovisions-later-unasked", mode: "async", also: ["deprovision-accepts-incomplete-422"] },
  ),
  mutant(
    "async-when-not-guaranteed",
    "Answers 201 before the instance is ready: a bind right afterwards is refused.",
    bindLater,
  ),
  mutant(
    "fetch-instance-supported",
    "Says 201 before the instance is ready: the first fetch does not find it.",
    refuse(["fetch-instance"], all(isKnown, isAuthorized, isFirstTime("fetch")), 404),
    { id: "cannot-be-fetched-at-once" },
  ),
  mutant("respond-promptly", "The catalog takes 40 seconds.", delayCatalog),
  mutant("async-legacy-202-body-like-sync", "A 201 names the dashboard, a 202 does not.", bareAcceptance, {
    mode: "mixed",
    minor: 13,
  }),
];
