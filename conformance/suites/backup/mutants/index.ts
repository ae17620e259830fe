import type { MutantSet } from "../../../runner/mutant-set.ts";
import { toyMutantSet } from "../../toy/mutants.ts";
import { backupSuite } from "../suite.ts";
import { FAULT_MUTANTS } from "./faults.ts";
import { LIFECYCLE_MUTANTS } from "./lifecycle.ts";
import { MOMENT_MUTANTS } from "./moments.ts";
import { ORDER_MUTANTS } from "./orders.ts";
import { RESTORE_MUTANTS } from "./restores.ts";

/** The proof of the backup suite. */
export const backupMutants: MutantSet = toyMutantSet(backupSuite, [
  ...RESTORE_MUTANTS,
  ...ORDER_MUTANTS,
  ...MOMENT_MUTANTS,
  ...FAULT_MUTANTS,
  ...LIFECYCLE_MUTANTS,
]);
