import type { Operation } from "../../client/answer.ts";
import { alter, drop, instead, is, keyOf, type Middleware, type Mutant, mutant, pretend, rewrite, set, status, type When } from "./mutant.ts";
import { all, isCreating, isInstanceCreating, isRemoving, isUnflagged, isUpdating, lacks, not } from "./when.ts";
import type { WireRequest } from "./wire.ts";

const later = { mode: "async" } as const;

/** The requests that may take a while, and how to tell that the same thing is being done already. */
const WAITING: readonly (readonly [Operation, When])[] = [
  ["provision", isCreating],
  ["update", isUpdating],
  ["deprovision", isRemoving],
  ["bind", isCreating],
  ["unbind", isRemoving],
];

/** Defects that each of these requests can have. */
function waiting([operation, isRepeat]: (typeof WAITING)[number]): Mutant[] {
  const isPlain = all(isUnflagged, lacks("predecessor_binding_id"));
  const change = (at: number, to: Parameters<typeof alter>[2], when: When): Middleware =>
    alter([operation], is(at), to, when);
  return [
    mutant(
      `${operation}-accepts-incomplete-422`,
      `A ${operation} that it can only do asynchronously is refused with 400 when accepts_incomplete is missing.`,
      change(422, status(400), isPlain),
      later,
    ),
    mutant(
      `${operation}-422-async-error-code`,
      `It refuses a synchronous ${operation} with 422 and an error code of its own.`,
      change(422, set("error", "OnlyAsynchronous"), isPlain),
      later,
    ),
    mutant(
      `${operation}-resent-while-in-progress-202`,
      `The same ${operation} sent again is answered 200 though the first has not ended.`,
      change(202, status(200), isRepeat),
      later,
    ),
    mutant(
      `${operation}-resent-same-operation`,
      `The same ${operation} sent again is answered with another operation.`,
      change(202, set("operation", "another-1"), isRepeat),
      later,
    ),
  ];
}

const whilePutRuns = (operation: Operation) =>
  mutant(
    `${operation}-conflict-while-in-progress-409`,
    `A ${operation} with other attributes is taken for a repeat while the first is in progress.`,
    alter(
      [operation],
      is(409),
      (response, request, memory) =>
        instead(202, { operation: memory.pending.get(keyOf(request))?.operation ?? null })(response, request, memory),
      isCreating,
    ),
    later,
  );

/** Another binding of the same instance is being made. */
const isNeighbourCreating: When = ({ path }, { pending }) =>
  [...pending].some(
    ([key, { method }]) =>
      method === "PUT" && key !== path.join("/") && key.startsWith(`${path.slice(0, 3).join("/")}/`),
  );

const takesFalse = (request: WireRequest): WireRequest => ({
  ...request,
  query: { ...request.query, accepts_incomplete: "true" },
});

const UPDATE_OR_BIND: readonly Operation[] = ["update", "bind"];

/** What goes wrong while an operation is in progress. */
export const waitingMutants: readonly Mutant[] = [
  ...WAITING.flatMap(waiting),
  whilePutRuns("provision"),
  whilePutRuns("bind"),
  mutant(
    "provision-accepts-incomplete-false",
    "Any value of accepts_incomplete counts as true, also false.",
    rewrite(["provision"], ({ query }) => query["accepts_incomplete"] === "false", takesFalse),
    { ...later, also: ["async-needs-accepts-incomplete"] },
  ),
  mutant(
    "bind-concurrent-422",
    "A second bind of an instance is refused with 409 while the first is in progress.",
    pretend(["bind"], all(isNeighbourCreating, not(isCreating)), 409, { error: "Busy", description: "One at a time." }),
    later,
  ),
  mutant(
    "concurrency-422",
    "An instance that is being made does not exist yet for updates and binds: 404.",
    alter(UPDATE_OR_BIND, is(422), status(404), isInstanceCreating),
    later,
  ),
  mutant(
    "concurrency-error-code",
    "Updates and binds of an instance that is being made are refused with an error code of its own.",
    alter(UPDATE_OR_BIND, is(422), set("error", "InstanceBusy"), isInstanceCreating),
    later,
  ),
  mutant(
    "concurrency-legacy-description",
    "Updates and binds of an instance that is being made are refused without a word.",
    alter(UPDATE_OR_BIND, is(422), drop("description"), isInstanceCreating),
    { ...later, minor: 13 },
  ),
];
