import { all, hasInside, not, says } from "./conditions.ts";
import { refuse } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";

/** Planted defects for the checks of profile.md, "Context Object". */
export const contextObjectMutants: readonly Mutant[] = [
  mutant("context-accepted", "Serves Cloud Foundry alone.", refuse(["provision"], says('"platform":"kubernetes"'))),
  mutant(
    "context-accepted",
    "Refuses unknown members of a context when it binds.",
    refuse(["bind"], all(hasInside("context", "drydock_ext"), not(says("ignore me")))),
    { id: "no-unknown-members-of-contexts" },
  ),
];
