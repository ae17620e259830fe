import { is, set } from "./changes.ts";
import { all, isGone, isRemoving, not, ofSecondPlan } from "./conditions.ts";
import { alter } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";

const later = { mode: "async" } as const;

/** Planted defects for the checks of spec.md, "Polling Interval and Duration". */
export const pollingIntervalAndDurationMutants: readonly Mutant[] = [
  mutant(
    "maximum-polling-duration-respected",
    "Bindings of one plan never become ready.",
    alter(["poll-binding"], is(200), set("state", "in progress"), all(not(isRemoving), not(isGone), ofSecondPlan)),
    later,
  ),
];
