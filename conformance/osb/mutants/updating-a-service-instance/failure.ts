import { is, set } from "../changes.ts";
import { isUpdating } from "../conditions.ts";
import { alter, combine } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { isBreakdown, isNoted, note, whenFailed } from "../notes.ts";

const later = { mode: "async" } as const;

/** Planted defects for the checks of spec.md, "Updating a Service Instance": updates that fail. */
export const updatingInstanceFailureMutants: readonly Mutant[] = [
  mutant(
    "update-5xx-applies-nothing",
    "An update that was answered 500 has changed the parameters.",
    combine(
      alter(["fetch-instance"], is(200), set("parameters", { size: 9 }), isNoted("broken")),
      note("broken", isBreakdown("PATCH")),
    ),
  ),
  mutant(
    "update-failed-instance-usable",
    "A failed update tells in words whether the instance is usable.",
    whenFailed(set("instance_usable", "no"), isUpdating),
    { ...later, also: ["lastop-instance-usable-type", "broker-well-formed-success-bodies"] },
  ),
];
