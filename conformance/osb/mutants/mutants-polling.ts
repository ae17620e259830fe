import type { Mutant } from "./mutant.ts";

export const pollingMutants: readonly Mutant[] = [];
