import type { Operation } from "../../../client/answer.ts";
import { all, isNotJson, lacks, not } from "../conditions.ts";
import { pretend, type When } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";

const BIND: readonly Operation[] = ["bind"];

const lacksApp: When = all(lacks("bind_resource"), lacks("predecessor_binding_id"), not(isNotJson));

const appMissing = { description: "Only applications can be bound." };

/** Planted defects for the checks of spec.md, "Binding": bindings without an application. */
export const bindingApplicationMutants: readonly Mutant[] = [
  mutant(
    "bind-requires-app-422",
    "It needs an application, and answers 400 when there is none.",
    pretend(BIND, lacksApp, 400, { error: "RequiresApp", ...appMissing }),
  ),
  mutant(
    "bind-requires-app-error-code",
    "It needs an application, and says so with an error code of its own.",
    pretend(BIND, lacksApp, 422, { error: "NoApplication", ...appMissing }),
  ),
];
