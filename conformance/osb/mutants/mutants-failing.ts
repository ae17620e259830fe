import type { Operation } from "../../client/answer.ts";
import { alter, both, is, keyOf, type Middleware, type Mutant, mutant, pretend, set, type When } from "./mutant.ts";
import { all, asks, instanceKeyOf, isAuthorized, isCreating, isKnown, isRemoving, isUpdating } from "./when.ts";
import { jsonOf, reply } from "./wire.ts";

const later = { mode: "async" } as const;
const POLL: readonly Operation[] = ["poll-instance"];

/** Remembers under `mark` which things an answer like this was about. */
function noting(
  mark: string,
  isMeant: (method: string, at: number, state: unknown) => boolean,
  when?: When,
): Middleware {
  return async (request, next, memory) => {
    const isWanted = when?.(request, memory) ?? true;
    const response = await next(request);
    if (isWanted && isMeant(request.method, response.status, jsonOf(response)["state"]))
      memory.facts.set(`${mark} ${keyOf(request)}`, request.text);
    return response;
  };
}

const isNoted =
  (mark: string): When =>
  (request, { facts }) =>
    facts.has(`${mark} ${keyOf(request)}`);

const whenFailed = (change: Parameters<typeof alter>[2], when: When): Middleware =>
  alter(
    POLL,
    is(200),
    (response, request, memory) =>
      jsonOf(response)["state"] === "failed" ? change(response, request, memory) : response,
    when,
  );

const isFailedPoll = (method: string, _: number, state: unknown): boolean => method === "GET" && state === "failed";
const isBreakdown =
  (expected: string) =>
  (method: string, at: number): boolean =>
    method === expected && at >= 500;

const isOfInstance: When = ({ path }) => path.length === 3;
const isComplete: When = all(
  asks("service_id"),
  asks("plan_id"),
  ({ query }) => query["accepts_incomplete"] === "true",
);

/** Answers 404 to the deletion of what was noted. */
const unknown = (mark: string): Middleware =>
  pretend(["deprovision"], all(isAuthorized, isNoted(mark)), 404, { description: "Never heard of it." });

/** A DELETE is too early when nothing else was asked since the PUT that made the instance. */
function tooEarly(status: number): Middleware {
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

/** What breaks, and what comes after it. */
export const failingMutants: readonly Mutant[] = [
  mutant(
    "orphan-delete-after-failed-async-provision",
    "An instance that could not be made is unknown to a deletion: 404.",
    both(unknown("failed"), noting("failed", isFailedPoll, isCreating)),
    { ...later, also: ["orphan-broker-knows-only-platform-resources"] },
  ),
  mutant(
    "orphan-delete-after-5xx-provision",
    "An instance that was answered 500 is unknown to a deletion: 404.",
    both(unknown("broken"), noting("broken", isBreakdown("PUT"))),
    { also: ["orphan-broker-knows-only-platform-resources"] },
  ),
  mutant(
    "orphan-delete-after-timeout",
    "A deletion that follows right on the provision comes too early: 404.",
    tooEarly(404),
    { also: ["orphan-broker-knows-only-platform-resources"] },
  ),
  mutant(
    "orphan-delete-after-timeout",
    "A deletion that follows right on the provision finds nothing (410), and then the instance comes to be.",
    tooEarly(410),
    { id: "made-after-the-clean-up" },
  ),
  mutant(
    "update-5xx-applies-nothing",
    "An update that was answered 500 has changed the parameters.",
    both(
      alter(["fetch-instance"], is(200), set("parameters", { size: 9 }), isNoted("broken")),
      noting("broken", isBreakdown("PATCH")),
    ),
  ),
  mutant(
    "update-failed-instance-usable",
    "A failed update tells in words whether the instance is usable.",
    whenFailed(set("instance_usable", "no"), isUpdating),
    { ...later, also: ["lastop-instance-usable-type", "broker-well-formed-success-bodies"] },
  ),
  mutant(
    "deprovision-failed-instance-usable",
    "A failed deletion tells whether the update may be repeated.",
    whenFailed(set("update_repeatable", true), isRemoving),
    { ...later, also: ["lastop-update-repeatable-place"] },
  ),
];
