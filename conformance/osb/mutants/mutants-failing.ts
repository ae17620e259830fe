import type { Mutant } from "./mutant.ts";

export const failingMutants: readonly Mutant[] = [];
