import type { Operation } from "../../../client/answer.ts";
import { instead, is, set, status } from "../changes.ts";
import { alter, combine } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import { withoutSchemas } from "../requests.ts";

const BIND: readonly Operation[] = ["bind"];

/** Planted defects for the checks of spec.md, "Binding": the same id again. */
export const bindingRepetitionMutants: readonly Mutant[] = [
  mutant("bind-identical-200", "The same bind again is a conflict: 409.", alter(BIND, is(200), status(409))),
  mutant(
    "bind-identical-200-2-12",
    "The same bind again is a conflict in 2.13: 409.",
    alter(BIND, is(200), status(409)),
    {
      minor: 13,
    },
  ),
  mutant(
    "bind-identical-same-credentials",
    "The same request again makes a new password.",
    alter(BIND, is(200), set("credentials", { password: "a new one" })),
  ),
  mutant(
    "bind-conflict-409",
    "It goes by the id alone: a request with other parameters is taken for a repeat.",
    alter(BIND, is(409), instead(200)),
  ),
  mutant(
    "bind-conflict-409",
    "It publishes no schema, and mistakes a bind with other parameters for a repeat.",
    combine(withoutSchemas, alter(BIND, is(409), instead(200))),
    { id: "not-bind-conflict-409-parameters" },
  ),
];
