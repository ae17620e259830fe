import type { Mutant } from "./mutant.ts";

export const removingMutants: readonly Mutant[] = [];
