import type { Mutant } from "./mutant.ts";

export const updatingMutants: readonly Mutant[] = [];
