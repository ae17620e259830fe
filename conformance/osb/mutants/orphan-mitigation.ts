import { reply, REQUEST_IDENTITY, type WireRequest } from "../memory-broker/http.ts";
import { is } from "./changes.ts";
import { all, asks, instanceKeyOf, isAuthorized, isCreating, isKnown } from "./conditions.ts";
import { isRefusal } from "./errors.ts";
import { alter, combine, pretend, type When } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { isBreakdown, isNoted, note } from "./notes.ts";
import { keyOf, operationOf } from "./operations.ts";
import type { Middleware } from "./traffic.ts";

const later = { mode: "async" } as const;

const isFailedPoll = (method: string, _: number, state: unknown): boolean => method === "GET" && state === "failed";

const isOfInstance: When = ({ path }) => path.length === 3;

const isComplete: When = all(
  asks("service_id"),
  asks("plan_id"),
  ({ query }) => query["accepts_incomplete"] === "true",
);

/** Answers 404 to the deletion of what was noted. */
const denyNoted = (mark: string): Middleware =>
  pretend(["deprovision"], all(isAuthorized, isNoted(mark)), 404, { description: "Never heard of it." });

/** A DELETE is too early when nothing else was asked since the PUT that made the instance. */
function refuseEarly(status: number): Middleware {
  return async (request, next, memory) => {
    const key = `just made ${instanceKeyOf(request)}`;
    const isJustMade = memory.facts.delete(key);
    if (isJustMade && request.method === "DELETE" && isOfInstance(request, memory) && isComplete(request, memory))
      return reply(status, { description: "Not yet." });
    const isNew = request.method === "PUT" && isOfInstance(request, memory) && !isKnown(request, memory);
    const response = await next(request);
    if (isNew && response.status === 201) memory.facts.set(key, true);
    return response;
  };
}

/** Remembers which creations were refused, and breaks on their deletion. */
const forgetRefused: Middleware = async (request, next, memory) => {
  const key = `refused ${keyOf(request)}`;
  if (operationOf(request) === "deprovision" && memory.facts.has(key) && !isKnown(request, memory)) {
    return reply(404, { error: "NotFound", description: "There is no such instance." }, identityHeader(request));
  }
  const response = await next(request);
  if (operationOf(request) === "provision" && isRefusal(response.status)) memory.facts.set(key, true);
  return response;
};

const identityHeader = ({ headers }: WireRequest): Record<string, string> =>
  headers[REQUEST_IDENTITY] === undefined ? {} : { [REQUEST_IDENTITY]: headers[REQUEST_IDENTITY] };

/** Planted defects for the checks of spec.md, "Orphan Mitigation". */
export const orphanMitigationMutants: readonly Mutant[] = [
  mutant(
    "orphan-delete-after-failed-async-provision",
    "An instance that could not be made is unknown to a deletion: 404.",
    combine(denyNoted("failed"), note("failed", isFailedPoll, isCreating)),
    { ...later, also: ["orphan-broker-knows-only-platform-resources"] },
  ),
  mutant(
    "orphan-delete-after-5xx-provision",
    "An instance that was answered 500 is unknown to a deletion: 404.",
    combine(denyNoted("broken"), note("broken", isBreakdown("PUT"))),
    { also: ["orphan-broker-knows-only-platform-resources"] },
  ),
  mutant(
    "orphan-delete-after-timeout",
    "A deletion that follows right on the provision comes too early: 404.",
    refuseEarly(404),
    { also: ["orphan-broker-knows-only-platform-resources"] },
  ),
  mutant(
    "orphan-delete-after-timeout",
    "A deletion that follows right on the provision finds nothing (410), and then the instance comes to be.",
    refuseEarly(410),
    { id: "made-after-the-clean-up" },
  ),
  mutant(
    "broker-well-formed-success-bodies",
    "A fetched instance is cut off in the middle.",
    alter(["fetch-instance"], is(200), (response) => ({ ...response, text: response.text.slice(0, 20) })),
  ),
  mutant(
    "orphan-broker-knows-only-platform-resources",
    "Breaks on the deletion of what it refused to make.",
    forgetRefused,
  ),
];
