import { isBindable } from "../../client/catalog.ts";
import { asynchronousMutantsOf } from "./asynchronous-operations.ts";
import { is, set, status } from "./changes.ts";
import { all, isAuthorized, isRemoving, isUpdating, ofPlan } from "./conditions.ts";
import { alter, pretend } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { whenFailed } from "./notes.ts";
import { earlyRemovalMutantsOf, removalMutantsOf } from "./removal.ts";

const later = { mode: "async" } as const;

/** Planted defects for the checks of spec.md, "Deprovisioning". */
export const deprovisioningMutants: readonly Mutant[] = [
  ...removalMutantsOf("deprovision"),
  ...earlyRemovalMutantsOf("deprovision"),
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
    {
      also: [
        "deprovision-410-unknown",
        "deprovision-410-after-delete",
        "deprovision-missing-*",
        "fetch-instance-404-after-delete",
      ],
    },
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
  mutant(
    "deprovision-failed-instance-usable",
    "A failed deletion tells whether the update may be repeated.",
    whenFailed(set("update_repeatable", true), isRemoving),
    { ...later, also: ["lastop-update-repeatable-place"] },
  ),
  ...asynchronousMutantsOf("deprovision"),
];
