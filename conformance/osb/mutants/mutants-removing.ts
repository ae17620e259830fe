import type { Operation } from "../../client/answer.ts";
import { isBindable, offersOf, readCatalog } from "../../client/catalog.ts";
import { alter, instead, is, keyOf, type Middleware, type Mutant, mutant, pretend, rewrite, set, status, type When } from "./mutant.ts";
import { all, asks, instanceKeyOf, isAuthorized, isCreating, isGone, isInstanceKnown, isKnown, isUpdating, not, ofPlan } from "./when.ts";
import { reply, type WireRequest } from "./wire.ts";

/** Removing bindings and removing instances go wrong in the same ways. */
type Kind = "unbind" | "deprovision";

const later = { mode: "async" } as const;
const busy = { error: "Busy", description: "Something else is going on." };

/** What a cleaning platform meets as well. */
const whenCleaning = { also: ["orphan-*"] };

const isMeant = (kind: Kind, { method, path }: WireRequest): boolean =>
  method === "DELETE" && path.length === (kind === "unbind" ? 5 : 3);

/** The request with an id filled in from what was asked for. */
const completed: Parameters<typeof rewrite>[2] = (request, memory) => {
  const asked = memory.asked.get(keyOf(request)) ?? {};
  const ids = Object.fromEntries(
    ["service_id", "plan_id"].map((name) => [name, request.query[name] || String((asked[name] ?? "") as string)]),
  );
  return { ...request, query: { ...request.query, ...ids } };
};

/** A DELETE with a plan that there is not. */
const isForeign: When = ({ query }, { catalog }) =>
  query["plan_id"] !== undefined && !offersOf(readCatalog(catalog)).some(({ plan }) => plan.id === query["plan_id"]);

/** Refuses, and removes all the same. */
function removesRefused(kind: Kind, when: When): Middleware {
  return async (request, next, memory) => {
    if (!isMeant(kind, request) || !when(request, memory)) return next(request);
    const response = await next(completed({ ...request, query: { accepts_incomplete: "true" } }, memory));
    return instead(400, { error: "BadRequest", description: "An id is wrong." })(response, request, memory);
  };
}

/** Accepts to stop what is being made, and makes it all the same. */
function creationWins(kind: Kind): Middleware {
  return (request, next, memory) =>
    isMeant(kind, request) && isCreating(request, memory)
      ? Promise.resolve(reply(202, { operation: memory.pending.get(keyOf(request))?.operation ?? null }))
      : next(request);
}

const isPollOf = (kind: Kind, { method, path }: WireRequest): boolean =>
  method === "GET" && path.at(-1) === "last_operation" && path.length === (kind === "unbind" ? 6 : 4);

/** The first poll after a deletion overtook the creation is about the creation. */
function tellsCreation(kind: Kind): Middleware {
  return async (request, next, memory) => {
    const key = `overtaken ${keyOf(request)}`;
    if (isMeant(kind, request) && isCreating(request, memory)) memory.facts.set(key, true);
    if (isPollOf(kind, request) && memory.facts.delete(key)) return reply(200, { state: "failed" });
    return next(request);
  };
}

/** Stops at once what is being made; polls then say this. */
export function stopsAtOnce(kind: Kind, state: "succeeded" | "failed"): Middleware {
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

function removing(kind: Kind): Mutant[] {
  const operations: readonly Operation[] = [kind];
  const it = kind === "unbind" ? "a binding" : "an instance";
  const during = kind === "unbind" ? "unbind-during-bind" : "deprovision-during-provision";
  const isAlive: When = all(isKnown, not(isGone));
  return [
    mutant(
      `${kind}-missing-service-id-400`,
      `In ${kind}: a missing service_id is guessed.`,
      rewrite(operations, all(isAlive, not(asks("service_id"))), completed),
    ),
    mutant(
      `${kind}-missing-plan-id-400`,
      `It misses plan_id only when it has removed ${it}.`,
      removesRefused(kind, all(isAlive, not(asks("plan_id")))),
    ),
    mutant(
      `${kind}-invalid-service-or-plan`,
      `It sees that the ids are wrong only when it has removed ${it}.`,
      removesRefused(kind, isForeign),
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
    mutant(
      `${during}-halts`,
      `It accepts to remove ${it} that is being made, and makes it all the same.`,
      creationWins(kind),
      kind === "unbind" ? later : { ...later, ...whenCleaning },
    ),
    mutant(
      `${during}-lastop-async`,
      `Polls tell that ${it} could not be made, while its removal goes on.`,
      tellsCreation(kind),
      later,
    ),
    mutant(
      `${during}-lastop-sync`,
      `Polls tell that ${it} was made, though its removal stopped that at once.`,
      stopsAtOnce(kind, "succeeded"),
      later,
    ),
  ];
}

/** Each removed binding takes the others of its instance with it. */
const sweeping: Middleware = async (request, next, memory) => {
  const response = await next(request);
  if (!isMeant("unbind", request) || response.status !== 200) return response;
  const others = [...memory.known].filter(
    (key) => key.startsWith(`${instanceKeyOf(request)}/`) && key !== keyOf(request) && !memory.gone.has(key),
  );
  for (const key of others) await next({ ...request, path: key.split("/") });
  return response;
};

export const removingMutants: readonly Mutant[] = [
  ...removing("unbind"),
  mutant(
    "unbind-deletes-resources",
    "A removed binding stays.",
    pretend(["unbind"], all(isAuthorized, isKnown, asks("service_id"), asks("plan_id"), not(isForeign)), 200),
    { also: ["unbind-410-after-delete", "fetch-binding-404-after-unbind"] },
  ),
  mutant(
    "unbind-busy-422",
    "To remove a binding that is being made is refused with 409.",
    pretend(["unbind"], isCreating, 409, busy),
    { ...later, ...whenCleaning },
  ),
  mutant(
    "unbind-busy-error-code",
    "To remove a binding that is being made is refused with an error code of its own.",
    pretend(["unbind"], isCreating, 422, busy),
    { ...later, ...whenCleaning },
  ),
  mutant(
    "unbind-410-unknown-instance",
    "To unbind from an instance that it does not know is answered 404.",
    alter(["unbind"], is(410), status(404), not(isInstanceKnown)),
    whenCleaning,
  ),
  mutant("unbind-leaves-other-bindings", "A removed binding takes the others of its instance with it.", sweeping),
  ...removing("deprovision"),
  mutant(
    "deprovision-deletes-resources",
    "A removed instance of a plan that cannot be bound stays.",
    pretend(
      ["deprovision"],
      all(
        isAuthorized,
        ofPlan((offer) => !isBindable(offer)),
      ),
      200,
    ),
    { also: ["deprovision-410-after-delete", "fetch-instance-404-after-delete"] },
  ),
  mutant(
    "deprovision-busy-422",
    "To remove an instance that is being updated is refused with 409.",
    alter(["deprovision"], is(422), status(409), isUpdating),
    later,
  ),
  mutant(
    "deprovision-busy-error-code",
    "To remove an instance that is being updated is refused with an error code of its own.",
    alter(["deprovision"], is(422), set("error", "Busy"), isUpdating),
    later,
  ),
];
