import type { Mutant } from "./mutant.ts";

export const bindingMutants: readonly Mutant[] = [];
