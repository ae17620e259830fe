import { asynchronousMutantsOf } from "./asynchronous-operations.ts";
import { is, status } from "./changes.ts";
import { all, asks, instanceKeyOf, isAuthorized, isCreating, isInstanceKnown, isKnown, not } from "./conditions.ts";
import { alter, pretend } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { keyOf } from "./operations.ts";
import { earlyRemovalMutantsOf, isForeign, isMeant, removalMutantsOf, whenCleaning } from "./removal.ts";
import type { Middleware } from "./traffic.ts";

const later = { mode: "async" } as const;

const busy = { error: "Busy", description: "Something else is going on." };

/** Each removed binding takes the others of its instance with it. */
const removeSiblings: Middleware = async (request, next, memory) => {
  const response = await next(request);
  if (!isMeant("unbind", request) || response.status !== 200) return response;
  const others = [...memory.known].filter(
    (key) => key.startsWith(`${instanceKeyOf(request)}/`) && key !== keyOf(request) && !memory.gone.has(key),
  );
  for (const key of others) await next({ ...request, path: key.split("/") });
  return response;
};

/** Planted defects for the checks of spec.md, "Unbinding". */
export const unbindingMutants: readonly Mutant[] = [
  ...removalMutantsOf("unbind"),
  ...earlyRemovalMutantsOf("unbind"),
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
  mutant("unbind-leaves-other-bindings", "A removed binding takes the others of its instance with it.", removeSiblings),
  ...asynchronousMutantsOf("unbind"),
];
