import { stringOf } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import { offersOf, readCatalog } from "../../client/catalog.ts";
import { reply, type WireRequest } from "../memory-broker/http.ts";
import { instead, is, status } from "./changes.ts";
import { all, asks, isCreating, isGone, isInstanceKnown, isKnown, not, ofSecondPlan } from "./conditions.ts";
import { alter, rewrite, type When } from "./middleware.ts";
import { type Mutant, mutant } from "./mutant.ts";
import { keyOf } from "./operations.ts";
import type { Middleware } from "./traffic.ts";

/** Removing bindings and removing instances go wrong in the same ways. */
type Removal = "unbind" | "deprovision";

const later = { mode: "async" } as const;

/** What a cleaning platform meets as well. */
export const whenCleaning = { also: ["orphan-*"] };

/** Whether a request is this kind of deletion. */
export const isMeant = (kind: Removal, { method, path }: WireRequest): boolean =>
  method === "DELETE" && path.length === (kind === "unbind" ? 5 : 3);

/** The request with an id filled in from what was asked for. */
const fillInIds: Parameters<typeof rewrite>[2] = (request, memory) => {
  const asked = memory.asked.get(keyOf(request)) ?? {};
  const ids = Object.fromEntries(
    ["service_id", "plan_id"].map((name) => [name, request.query[name] || (stringOf(asked[name]) ?? "")]),
  );
  return { ...request, query: { ...request.query, ...ids } };
};

/** A DELETE with a plan that there is not. */
export const isForeign: When = ({ query }, { catalog }) =>
  query["plan_id"] !== undefined && !offersOf(readCatalog(catalog)).some(({ plan }) => plan.id === query["plan_id"]);

/** A DELETE whose ids are both present, one of them empty. */
const hasEmptyId: When = ({ query }) =>
  query["service_id"] !== undefined &&
  query["plan_id"] !== undefined &&
  (query["service_id"] === "" || query["plan_id"] === "");

/** Refuses, and removes all the same. */
function removeRefused(kind: Removal, when: When): Middleware {
  return async (request, next, memory) => {
    if (!isMeant(kind, request) || !when(request, memory)) return next(request);
    const response = await next(fillInIds({ ...request, query: { accepts_incomplete: "true" } }, memory));
    return instead(400, { error: "BadRequest", description: "An id is wrong." })(response, request, memory);
  };
}

/** Accepts to stop what is being made, and makes it all the same. */
function creationWins(kind: Removal): Middleware {
  return (request, next, memory) =>
    isMeant(kind, request) && isCreating(request, memory)
      ? Promise.resolve(reply(202, { operation: memory.pending.get(keyOf(request))?.operation ?? null }))
      : next(request);
}

const isPollOf = (kind: Removal, { method, path }: WireRequest): boolean =>
  method === "GET" && path.at(-1) === "last_operation" && path.length === (kind === "unbind" ? 6 : 4);

/** The first poll after a deletion overtook the creation is about the creation. */
function pollAboutCreation(kind: Removal): Middleware {
  return async (request, next, memory) => {
    const key = `overtaken ${keyOf(request)}`;
    if (isMeant(kind, request) && isCreating(request, memory)) memory.facts.set(key, true);
    if (isPollOf(kind, request) && memory.facts.delete(key)) return reply(200, { state: "failed" });
    return next(request);
  };
}

/** Stops at once what is being made; polls then say this. */
export function stopAtOnce(kind: Removal, state: "succeeded" | "failed"): Middleware {
  return async (request, next, memory) => {
    const key = `stopped ${keyOf(request)}`;
    const isStopped = memory.facts.has(key);
    if (isPollOf(kind, request) && isStopped) return reply(200, { state });
    if (!isMeant(kind, request)) return next(request);
    if (isStopped) return reply(410, {});
    if (!isCreating(request, memory)) return next(request);
    memory.facts.set(key, true);
    return reply(200, {});
  };
}

const nameOf = (kind: Removal): string => (kind === "unbind" ? "a binding" : "an instance");

/** Defects of a deletion that lacks an id. */
function missingIdMutantsOf(kind: Removal): readonly Mutant[] {
  const operations: readonly Operation[] = [kind];
  const it = nameOf(kind);
  const isAlive: When = all(isKnown, not(isGone));
  return [
    mutant(
      `${kind}-missing-service-id-400`,
      `In ${kind}: a missing service_id is guessed.`,
      rewrite(operations, all(isAlive, not(asks("service_id"))), fillInIds),
    ),
    mutant(
      `${kind}-missing-plan-id-400`,
      `It misses plan_id only when it has removed ${it}.`,
      removeRefused(kind, all(isAlive, not(asks("plan_id")))),
    ),
    mutant(
      `${kind}-missing-service-id-400`,
      `If neither the first nor the last plan of an offering is meant, a missing service_id is guessed when it removes ${it}.`,
      rewrite(operations, all(isAlive, ofSecondPlan, not(asks("service_id"))), fillInIds),
      { id: `not-${kind}-missing-service-id-400-second` },
    ),
    mutant(
      [`${kind}-missing-service-id-400`, `${kind}-missing-plan-id-400`],
      `It checks that the ids are present, but not that they are not empty, and removes ${it}.`,
      rewrite(operations, all(isAlive, hasEmptyId), fillInIds),
      { id: `no-empty-ids-in-${kind}` },
    ),
  ];
}

/** Defects of a deletion that lacks something, or whose subject does not exist. */
export function removalMutantsOf(kind: Removal): readonly Mutant[] {
  const operations: readonly Operation[] = [kind];
  const it = nameOf(kind);
  return [
    ...missingIdMutantsOf(kind),
    mutant(
      `${kind}-invalid-service-or-plan`,
      `It sees that the ids are wrong only when it has removed ${it}.`,
      removeRefused(kind, all(isForeign, asks("plan_id"))),
    ),
    mutant(
      `${kind}-200`,
      `In ${kind}: a deletion is answered 204.`,
      alter(operations, is(200), (response) => ({ ...response, status: 204, text: "" })),
      { also: ["orphan-*"] },
    ),
    mutant(
      `${kind}-410-unknown`,
      `To remove ${it} that it does not know is answered 404.`,
      alter(operations, is(410), status(404), all(not(isGone), kind === "unbind" ? isInstanceKnown : not(isKnown))),
      whenCleaning,
    ),
    mutant(
      `${kind}-410-after-delete`,
      `To remove ${it} again is answered 404.`,
      alter(operations, is(410), status(404), isGone),
    ),
    mutant(
      `${kind}-malformed-400`,
      `In ${kind}: it falls over (500) on an accepts_incomplete that is neither true nor false.`,
      alter(
        operations,
        is(400),
        status(500),
        ({ query }) => query["accepts_incomplete"] !== undefined && !/^(true|false)$/.test(query["accepts_incomplete"]),
      ),
      { also: ["error-appropriate-status"] },
    ),
  ];
}

/** Defects of a deletion that overtakes the creation. */
export function earlyRemovalMutantsOf(kind: Removal): readonly Mutant[] {
  const it = nameOf(kind);
  const during = kind === "unbind" ? "unbind-during-bind" : "deprovision-during-provision";
  return [
    mutant(
      `${during}-halts`,
      `It accepts to remove ${it} that is being made, and makes it all the same.`,
      creationWins(kind),
      kind === "unbind" ? later : { ...later, ...whenCleaning },
    ),
    mutant(
      `${during}-lastop-async`,
      `Polls tell that ${it} could not be made, while its removal goes on.`,
      pollAboutCreation(kind),
      later,
    ),
    mutant(
      `${during}-lastop-sync`,
      `Polls tell that ${it} was made, though its removal stopped that at once.`,
      stopAtOnce(kind, "succeeded"),
      later,
    ),
  ];
}
