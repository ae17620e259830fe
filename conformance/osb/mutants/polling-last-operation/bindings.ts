import type { Mutant } from "../mutant.ts";
import { pollAnswerMutantsOf, pollRequestMutantsOf } from "./polls.ts";

/** Planted defects for the checks of spec.md, "Polling Last Operation for Service Bindings". */
export const pollingLastOperationBindingsMutants: readonly Mutant[] = [
  ...pollAnswerMutantsOf("binding"),
  ...pollRequestMutantsOf("binding"),
];
