import type { Operation } from "../../client/answer.ts";
import { drop, is, set, status } from "./changes.ts";
import { isInstanceCreating } from "./conditions.ts";
import { alter } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";

const later = { mode: "async" } as const;

const UPDATE_OR_BIND: readonly Operation[] = ["update", "bind"];

/** Planted defects for the checks of spec.md, "Blocking Operations". */
export const blockingOperationsMutants: readonly Mutant[] = [
  mutant(
    "concurrency-422",
    "An instance that is being made does not exist yet for updates and binds: 404.",
    alter(UPDATE_OR_BIND, is(422), status(404), isInstanceCreating),
    later,
  ),
  mutant(
    "concurrency-error-code",
    "Updates and binds of an instance that is being made are refused with an error code of its own.",
    alter(UPDATE_OR_BIND, is(422), set("error", "InstanceBusy"), isInstanceCreating),
    later,
  ),
  mutant(
    "concurrency-legacy-description",
    "Updates and binds of an instance that is being made are refused without a word.",
    alter(UPDATE_OR_BIND, is(422), drop("description"), isInstanceCreating),
    { ...later, minor: 13 },
  ),
];
