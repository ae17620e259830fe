import type { Mutant } from "../mutant.ts";
import { pollAnswerMutantsOf, pollRequestMutantsOf } from "./polls.ts";

export const pollingLastOperationBindingsMutants: readonly Mutant[] = [
  ...pollAnswerMutantsOf("binding"),
  ...pollRequestMutantsOf("binding"),
];
