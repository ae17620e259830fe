import type { Mutant } from "./mutant.ts";

export const fetchingMutants: readonly Mutant[] = [];
