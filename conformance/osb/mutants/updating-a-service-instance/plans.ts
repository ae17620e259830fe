import type { Operation } from "../../../client/answer.ts";
import { drop, is, status } from "../changes.ts";
import { sends } from "../conditions.ts";
import { alter } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";

const PATCH: readonly Operation[] = ["update"];

/** Planted defects for the checks of spec.md, "Updating a Service Instance": plan changes. */
export const updatingInstancePlansMutants: readonly Mutant[] = [
  mutant(
    "update-unsupported-422",
    "A plan change that it does not support is refused with 409.",
    alter(PATCH, is(422), status(409), sends("plan_id")),
  ),
  mutant(
    "update-unsupported-plan-message",
    "A plan change that it does not support is refused without a word.",
    alter(PATCH, is(422), drop("description"), sends("plan_id")),
  ),
];
