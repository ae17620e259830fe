import type { Mutant } from "./mutant.ts";

export const provisioningMutants: readonly Mutant[] = [];
