import type { Operation } from "../../client/answer.ts";
import { instead, is, set, status } from "./changes.ts";
import { all, isCreating, isRemoving, isUnflagged, isUpdating, lacks } from "./conditions.ts";
import { alter, type Change, type When } from "./middleware.ts";
import { type Mutant, mutant } from "./mutant.ts";
import { keyOf } from "./operations.ts";
import type { Middleware } from "./traffic.ts";

const later = { mode: "async" } as const;

/** The requests that may take a while, and how to see that the same thing is being done already. */
const IS_REPEAT: Readonly<Record<"provision" | "update" | "deprovision" | "bind" | "unbind", When>> = {
  provision: isCreating,
  update: isUpdating,
  deprovision: isRemoving,
  bind: isCreating,
  unbind: isRemoving,
};

/** Defects that each request can have that may take a while. */
export function asynchronousMutantsOf(operation: keyof typeof IS_REPEAT): readonly Mutant[] {
  const isPlain = all(isUnflagged, lacks("predecessor_binding_id"));
  const isRepeat = IS_REPEAT[operation];
  const change = (at: number, to: Change, when: When): Middleware => alter([operation], is(at), to, when);
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

/** A PUT with other attributes is taken for a repeat while the first is in progress. */
export const takeConflictForRepeat = (operation: Operation) =>
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
