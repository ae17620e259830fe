import type { Mutant } from "./mutant.ts";

export const rotatingMutants: readonly Mutant[] = [];
