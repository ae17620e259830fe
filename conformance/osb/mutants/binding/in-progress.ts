import { takeConflictForRepeat } from "../asynchronous-operations.ts";
import { all, isCreating, not } from "../conditions.ts";
import { pretend, type When } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";

const later = { mode: "async" } as const;

/** Another binding of the same instance is being made. */
const isNeighbourCreating: When = ({ path }, { pending }) =>
  [...pending].some(
    ([key, { method }]) =>
      method === "PUT" && key !== path.join("/") && key.startsWith(`${path.slice(0, 3).join("/")}/`),
  );

/** Planted defects for the checks of spec.md, "Binding": other binds while one is in progress. */
export const bindingInProgressMutants: readonly Mutant[] = [
  takeConflictForRepeat("bind"),
  mutant(
    "bind-concurrent-422",
    "A second bind of an instance is refused with 409 while the first is in progress.",
    pretend(["bind"], all(isNeighbourCreating, not(isCreating)), 409, { error: "Busy", description: "One at a time." }),
    later,
  ),
];
