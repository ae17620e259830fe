import { takeConflictForRepeat } from "../asynchronous-operations.ts";
import type { Mutant } from "../mutant.ts";

/** Planted defects for the checks of spec.md, "Provisioning": the same id again while the first request is in progress. */
export const provisioningInProgressMutants: readonly Mutant[] = [takeConflictForRepeat("provision")];
