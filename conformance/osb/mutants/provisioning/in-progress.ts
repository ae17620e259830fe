import { takeConflictForRepeat } from "../asynchronous-operations.ts";
import type { Mutant } from "../mutant.ts";

export const provisioningInProgressMutants: readonly Mutant[] = [takeConflictForRepeat("provision")];
