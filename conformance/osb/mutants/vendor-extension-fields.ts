import { is, set } from "./changes.ts";
import { all, hasInside, isKnown, says } from "./conditions.ts";
import { alter, refuse } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";

/** Planted defects for the checks of spec.md, "Vendor Extension Fields". */
export const vendorExtensionFieldsMutants: readonly Mutant[] = [
  mutant(
    "vendor-request-fields-do-not-halt",
    "Refuses to provision with unknown members.",
    refuse(["provision"], hasInside("context", "drydock_ext"), 400),
    { also: ["context-accepted"] },
  ),
  mutant(
    "vendor-request-fields-do-not-halt",
    "Refuses to bind with unknown members.",
    refuse(["bind"], says("ignore me")),
    { id: "no-unknown-members-of-bindings" },
  ),
  mutant(
    "vendor-request-fields-do-not-halt",
    "Refuses to update with unknown members.",
    refuse(["update"], hasInside("previous_values", "drydock_ext")),
    { id: "no-unknown-members-of-updates" },
  ),
  mutant(
    "vendor-request-fields-ignored",
    "Takes an unknown member for a difference: the same provision with one is a conflict.",
    refuse(["provision"], all(isKnown, says("ignore me")), 409),
  ),
  mutant(
    "vendor-response-fields-prefixed",
    "A fetched instance has a member of the vendor's own without a prefix.",
    alter(["fetch-instance"], is(200), set("backups", [])),
  ),
];
