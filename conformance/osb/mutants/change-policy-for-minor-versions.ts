import { says } from "./conditions.ts";
import { refuse } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";

/** Planted defects for the checks of spec.md, "Change Policy for Minor Versions". */
export const changePolicyForMinorVersionsMutants: readonly Mutant[] = [
  mutant(
    "minor-version-fields-ignored",
    "Refuses members of the context that a later version brought.",
    refuse(["provision", "bind"], says("_annotations")),
  ),
];
